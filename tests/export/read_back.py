"""Exports read back with DuckDB, pandas with pyarrow, and Polars, and compared with `idweave dump`.

    python3 -m venv target/read-back
    target/read-back/bin/pip install -r tests/export/requirements.txt
    cargo build --features cli,export
    target/read-back/bin/python tests/export/read_back.py target/debug/idweave

builds the demo and a random graph with the tool, exports both in every format, reads every table of every format with each of
the three tools, compares all with one another and with the dumps, and runs the queries of docs/EXPORT.md on them.

    target/read-back/bin/python tests/export/read_back.py --coverage DIR

times the coverage matrix of the document over an export that lies in DIR, of any size.
"""

import collections
import json
import os
import pathlib
import random
import re
import subprocess
import sys
import tempfile
import time

import duckdb
import pandas
import polars
import pyarrow
import pyarrow.dataset
import pyarrow.feather

ROOT = pathlib.Path(__file__).resolve().parents[2]
DOCUMENT = (ROOT / "docs" / "EXPORT.md").read_text()
FORMATS = ["parquet", "arrow", "csv", "ndjson"]
NOW = "2025-06-01T00:00:00Z"
START_MS = 1_735_689_600_000


def columns_of_document():
    """By table: (name, type) of each column, as the document tells them; the tests of the crate keep that true."""
    tables = {}
    for section in DOCUMENT.split("\n### `")[1:]:
        rows = re.findall(r"^\| `(\w+)` \| ([^|]+) \| (yes|no) \|", section, re.M)
        tables[section.split("`")[0]] = [(name, kind.strip()) for name, kind, _ in rows]
    return tables


TABLES = columns_of_document()


def queries_of_document():
    """The fenced blocks that have a name: language and text by name."""
    found = re.findall(r"^```(sql|python) (\w+)\n(.*?)^```", DOCUMENT, re.M | re.S)
    return {name: (language, text) for language, name, text in found}


def tool(binary, *arguments, stdin=None):
    ran = subprocess.run([binary, *map(str, arguments)], input=stdin, capture_output=True, text=True, check=False)
    if ran.returncode != 0:
        raise SystemExit(f"{arguments}: exit {ran.returncode}\n{ran.stderr}")
    return ran.stdout


def lines(text):
    return [json.loads(line) for line in text.splitlines()]


# Graphs


def random_commits(seed):
    """Facts that join, contradict and take back one another, in several commits."""
    rng = random.Random(seed)
    apps = ["wx00000000000000a1", "wx00000000000000a2"]
    corp = "ww00000000000000c1"
    facts = []

    def tell(op, **fields):
        at = START_MS + rng.randrange(10_000_000_000)
        facts.append({"op": op, **fields, "at": at})

    for account in range(150):
        unionid = f"unionid:open:u{account}"
        for place, app in enumerate(apps):
            if rng.random() < 0.7:
                source = rng.choice(["mp.user_info", "mini.code2session", "mp.web_oauth"])
                more = {"event": f"e{account}"} if rng.random() < 0.3 else {}
                openid = f"openid:{app}:o{place}-{account}"
                tell("link", a=openid, b=unionid, source=source, batch=f"sync{account % 7}", **more)
                if rng.random() < 0.1:
                    tell("supersede", old=f"openid:{app}:old{account}", new=openid, source="mp.changeopenid")
        if rng.random() < 0.5:
            external = f"external_userid:{corp}:wm{account}"
            tell("link", a=external, b=unionid, source="work.contact_get")
            staff = f"userid:{corp}:staff{account % 5}"
            attrs = {"add_way": str(account % 4), "state": f"channel, \"{account % 3}\"", "remark": "a remark"}
            tell("relate", kind="follows", **{"from": staff}, to=external, source="work.contact_get", attrs=attrs)
        if rng.random() < 0.2:
            other = f"unionid:open:u{rng.randrange(150)}"
            if other != unionid:
                tell("link", a=f"custom.card:main:c{account}", b=unionid, source="crm.sync")
                tell("link", a=f"custom.card:main:c{account}", b=other, source="operator.ann")
        if rng.random() < 0.1:
            tell("relate", kind="subscribes", **{"from": f"openid:{apps[0]}:o0-{account}"}, to=f"app::{apps[0]}",
                 source="mp.followers")
    rng.shuffle(facts)
    cuts = [0, 80, 81, 200, len(facts)]
    commits = [facts[a:b] for a, b in zip(cuts, cuts[1:])]
    late = START_MS + 11_000_000_000
    commits.append([{"op": "retract", "batch": "sync3", "at": late}])
    commits.append([{"op": "unretract", "batch": "sync3", "at": late + 1},
                    {"op": "retract", "batch": "sync5", "at": late + 1}])
    return commits


def build(binary, place, name):
    db = place / name
    if name == "demo":
        tool(binary, "demo", "--db", db, "--now", NOW)
    else:
        tool(binary, "init", "--db", db)
        for commit in random_commits(7):
            facts = "".join(json.dumps(fact) + "\n" for fact in commit)
            tool(binary, "import", "-", "--db", db, "--now", NOW, stdin=facts)
    snapshot = place / f"{name}.snapshot"
    tool(binary, "snapshot", snapshot, "--db", db)
    return db, snapshot


# Tables as the three tools read them: by table, a list of rows of plain values, moments in milliseconds


def plain(value, kind):
    if value is None or value is pandas.NaT or value is pandas.NA or (isinstance(value, float) and value != value):
        return None
    if kind in ("u64", "u32"):
        return int(value)
    if kind == "bool":
        return bool(value)
    if kind.startswith("timestamp"):
        if isinstance(value, int):
            return value
        return round(pandas.Timestamp(value).timestamp() * 1000)
    return str(value)


def rows(table, names, values):
    """Rows in the order of the document's columns."""
    assert list(names) == [name for name, _ in TABLES[table]], (table, names)
    kinds = [kind for _, kind in TABLES[table]]
    return [tuple(plain(value, kind) for value, kind in zip(row, kinds)) for row in values]


def duckdb_type(kind):
    return {"u64": "UBIGINT", "u32": "UINTEGER", "bool": "BOOLEAN"}.get(
        kind, "TIMESTAMPTZ" if kind.startswith("timestamp") else "VARCHAR")


def with_duckdb(directory, form, table):
    names = [name for name, _ in TABLES[table]]
    types = {name: duckdb_type(kind) for name, kind in TABLES[table]}
    files = f"{directory}/{table}/*.{form}"
    con = duckdb.connect()
    if form == "parquet":
        source = f"read_parquet('{files}')"
    elif form == "arrow":
        con.register("arrow_files", pyarrow.dataset.dataset(f"{directory}/{table}", format="arrow"))
        source = "arrow_files"
    elif form == "csv":
        source = f"read_csv('{files}', header = true, nullstr = '', allow_quoted_nulls = false, columns = {types})"
    else:
        source = f"read_json('{files}', format = 'newline_delimited', columns = {types})"
    told = [f'epoch_ms("{name}")' if kind.startswith("timestamp") else f'"{name}"' for name, kind in TABLES[table]]
    return rows(table, names, con.sql(f"SELECT {', '.join(told)} FROM {source}").fetchall())


def with_pandas(directory, form, table):
    parts = sorted((directory / table).glob(f"*.{form}"))
    kinds = dict(TABLES[table])
    if form == "parquet":
        frame = pandas.read_parquet(directory / table)
    elif form == "arrow":
        frame = pandas.concat([pyarrow.feather.read_feather(part) for part in parts])
    else:
        # Numbers of 64 bits as texts: with nulls among them they would become floats.
        types = {name: {"u32": "UInt32", "bool": "boolean"}.get(kind, "str")
                 for name, kind in kinds.items() if not kind.startswith("timestamp")}
        moments = [name for name, kind in kinds.items() if kind.startswith("timestamp")]
        if form == "csv":
            # pandas cannot tell a quoted empty text from nothing; no column that may hold nothing has empty texts.
            texts = {name: "str" for name in moments}
            read = [pandas.read_csv(part, dtype={**types, **texts}, na_filter=False) for part in parts]
            frame = pandas.concat(read).astype(object)
            for name in NULLABLE[table]:
                frame[name] = [None if value == "" else value for value in frame[name]]
        else:
            told = [json.loads(line) for part in parts for line in part.read_text().splitlines()]
            frame = pandas.DataFrame(told, columns=list(kinds), dtype=object)
        for name in moments:
            frame[name] = pandas.to_datetime(frame[name], format="ISO8601", utc=True)
    return rows(table, frame.columns, frame.astype(object).itertuples(index=False, name=None))


def nullable_columns():
    found = {}
    for section in DOCUMENT.split("\n### `")[1:]:
        names = re.findall(r"^\| `(\w+)` \| [^|]+ \| yes \|", section, re.M)
        found[section.split("`")[0]] = set(names)
    return found


NULLABLE = nullable_columns()


def with_polars(directory, form, table):
    files = f"{directory}/{table}/*.{form}"
    types = {name: {"u64": polars.UInt64, "u32": polars.UInt32, "bool": polars.Boolean}.get(kind, polars.String)
             for name, kind in TABLES[table]}
    moments = [name for name, kind in TABLES[table] if kind.startswith("timestamp")]
    if form == "parquet":
        frame = polars.read_parquet(files)
    elif form == "arrow":
        frame = polars.concat([polars.read_ipc(part) for part in sorted((directory / table).glob("*.arrow"))])
    else:
        if form == "csv":
            frame = polars.read_csv(files, schema=types)
        else:
            text = b"".join(part.read_bytes() for part in sorted((directory / table).glob("*.ndjson")))
            frame = polars.read_ndjson(text, schema=types) if text else polars.DataFrame(schema=types)
        frame = frame.with_columns(polars.col(name).str.to_datetime("%Y-%m-%dT%H:%M:%S%.3fZ", time_unit="ms",
                                                                    time_zone="UTC") for name in moments)
    names = frame.columns
    frame = frame.with_columns(polars.col(moments).dt.epoch("ms")) if moments else frame
    return rows(table, names, frame.iter_rows())


READERS = {"DuckDB": with_duckdb, "pandas": with_pandas, "Polars": with_polars}


def read_all(place, part_rows, binary, snapshot, more=()):
    """The tables, equal by every tool and in every format."""
    first = None
    for form in FORMATS:
        directory = place / form
        tool(binary, "export", snapshot, "--format", form, "-o", directory, "--partition-rows", part_rows, *more)
        for name, reader in READERS.items():
            tables = {table: reader(directory, form, table) for table in TABLES}
            if first is None:
                first = tables
            for table in TABLES:
                if tables[table] != first[table]:
                    pairs = zip(tables[table], first[table])
                    differ = next((pair for pair in pairs if pair[0] != pair[1]), "their numbers of rows")
                    raise SystemExit(f"{name} reads {table} of {form} otherwise: {differ}")
    return first


def as_dicts(tables):
    return {table: [dict(zip([name for name, _ in TABLES[table]], row)) for row in told]
            for table, told in tables.items()}


# What the dumps say


def compare_with_dumps(binary, db, tables):
    told = as_dicts(tables)
    text = {row["id"]: f"{row['kind']}:{row['scope']}:{row['value']}" for row in told["ids"]}
    entities = collections.defaultdict(lambda: ([], []))
    for row in told["ids"]:
        ids, superseded = entities[row["entity"], row["class"], row["person"]]
        ids.append(text[row["id"]])
        if row["superseded"]:
            superseded.append(text[row["id"]])
    found = [{"entity": entity, "class": kind, "person": person, "ids": sorted(ids), "superseded": sorted(superseded)}
             for (entity, kind, person), (ids, superseded) in sorted(entities.items())]
    dumped = lines(tool(binary, "dump", "entities", "--db", db))
    for line in dumped:
        line["ids"], line["superseded"] = sorted(line["ids"]), sorted(line["superseded"])
    assert found == dumped, "entities"

    names = ["kind", "strength", "status", "reason", "level"]
    found = [{"a": text[row["a_id"]], "b": text[row["b_id"]], **{name: row[name] for name in names},
              "evidence": row["standing"]} for row in told["edges"] if row["status"] != "retracted"]
    assert found == lines(tool(binary, "dump", "edges", "--db", db)), "edges"

    facts = lines(tool(binary, "dump", "facts", "--db", db))
    links = collections.Counter()
    for fact in facts:
        if fact["op"] == "link":
            links[(*sorted([fact["a"], fact["b"]]), fact["source"], fact["at"], fact.get("event"), fact.get("batch"))] += 1
        elif fact["op"] == "supersede":
            links[fact["old"], fact["new"], fact["source"], fact["at"], fact.get("event"), fact.get("batch")] += 1
    found = collections.Counter()
    for row in told["evidence"]:
        ends = [text[row["a_id"]], text[row["b_id"]]]
        ends = sorted(ends) if row["kind"] == "same" else ends
        found[(*ends, row["source"], row["observed_at"], row["event"], row["batch"])] += 1
    assert found == links, "evidence"
    for row in told["history"]:
        ended = row["until_seq"] is not None
        assert (row["until_at"] is not None) == ended and (not ended or row["until_seq"] > row["from_seq"])
    compare_history(binary, db, told, text)
    return told


def compare_history(binary, db, told, text):
    last = max((row["from_seq"] for row in told["history"]), default=0)
    for seq in range(1, last + 1):
        then = collections.defaultdict(list)
        for row in told["history"]:
            if row["from_seq"] <= seq and (row["until_seq"] is None or seq < row["until_seq"]):
                then[row["entity"]].append(text[row["id"]])
        dumped = {line["entity"]: sorted(line["ids"])
                  for line in lines(tool(binary, "dump", "entities", "--db", db, "--as-of", seq))}
        assert {entity: sorted(ids) for entity, ids in then.items()} == dumped, f"history at commit {seq}"


# The queries of the document


def answer(name, directory):
    language, query = queries_of_document()[name]
    os.chdir(directory)
    if language == "sql":
        return duckdb.connect().sql(query).fetchall()
    scope = {}
    exec(query, scope)  # pylint: disable=exec-used
    return scope["answer"]


def check_queries(directory, told):
    """Each query of the document, against the same worked out here without it."""
    answers = {name: answer(name, directory) for name in queries_of_document()}
    ids, live = told["ids"], [row for row in told["ids"] if not row["superseded"]]
    spaces = collections.defaultdict(set)
    for row in live:
        spaces[row["entity"]].add(f"{row['kind']}:{row['scope']}")
    pairs = collections.Counter((a, b) for held in spaces.values() for a in held for b in held)
    assert answers["coverage"] == sorted((a, b, count) for (a, b), count in pairs.items())
    rejected = collections.Counter((row["reason"], row["level"]) for row in told["edges"] if row["status"] == "rejected")
    assert answers["rejected"] == sorted((*key, count) for key, count in rejected.items())
    has_unionid = {row["entity"] for row in ids if row["kind"] == "unionid"}
    without = collections.Counter(row["scope"] for row in live
                                  if row["kind"] == "openid" and row["entity"] not in has_unionid)
    assert answers["without_unionid"] == sorted(without.items())
    then = collections.defaultdict(list)
    for row in told["history"]:
        if row["from_seq"] <= 2 and (row["until_seq"] is None or row["until_seq"] > 2):
            then[row["entity"]].append(row["id"])
    assert answers["as_of"] == sorted((entity, sorted(held)) for entity, held in then.items())
    sources = collections.defaultdict(list)
    for row in told["evidence"]:
        sources[row["source"]].append(row)
    expected = [(source, len(all_of), sum(row["stands"] for row in all_of),
                 min(row["observed_at"] for row in all_of), max(row["observed_at"] for row in all_of))
                for source, all_of in sorted(sources.items())]
    assert answers["sources"] == expected, (answers["sources"], expected)
    assert answers["csv"] == [(len(ids), sum(row["valid_to"] is not None for row in ids))]
    entity_of = {row["id"]: row["entity"] for row in ids}
    contacts = collections.defaultdict(set)
    for row in told["relations"]:
        if row["kind"] == "follows" and row["until"] is None:
            contacts[row["from_id"]].add(entity_of[row["to_id"]])
    assert answers["pandas_contacts"] == {key: len(held) for key, held in contacts.items()}
    sizes = collections.Counter(collections.Counter(row["entity"] for row in ids).values())
    assert answers["pyarrow_sizes"] == dict(sizes)
    reach = collections.defaultdict(list)
    for row in live:
        reach[row["kind"], row["scope"]].append(row["entity"])
    assert answers["polars_reach"] == {key: (len(set(held)), len(held)) for key, held in reach.items()}
    days = collections.Counter(time.strftime("%Y-%m-%d", time.gmtime(row["recorded_at"] / 1000))
                               for row in told["evidence"])
    assert {str(day): count for day, count in answers["polars_days"].items()} == dict(days)
    return answers


# Keyed


def check_keyed(binary, place, snapshot, told):
    key = place / "key"
    key.write_bytes(b"0123456789abcdef0123456789abcdef\n")
    secret = {row["value"] for row in told["ids"] if row["kind"] not in ("app", "corpid") and len(row["value"]) > 5}
    joined = []
    for form in FORMATS:
        directory = place / f"keyed-{form}"
        tool(binary, "export", snapshot, "--format", form, "-o", directory, "--privacy", "keyed", "--privacy-key", key)
        for part in directory.rglob("*"):
            if part.is_file():
                body = part.read_bytes()
                assert not [value for value in secret if value.encode() in body], f"{part} holds an id"
        values = {table: with_polars(directory, form, table) for table in TABLES}
        cells = {cell for held in values.values() for row in held for cell in row if isinstance(cell, str)}
        assert not cells & secret, f"keyed {form} holds an id"
        joined.append({row[:4] for row in values["ids"]})
    assert all(held == joined[0] for held in joined) and len(joined[0]) == len(told["ids"])


# Coverage, timed


def coverage(directory):
    """The coverage matrix of the document over an export of any size: best of three, warm."""
    query = queries_of_document()["coverage"][1]
    os.chdir(directory)
    con = duckdb.connect()
    ids = con.sql("SELECT count(*) FROM 'ids/*.parquet'").fetchall()[0][0]
    took = []
    for _ in range(3):
        begun = time.perf_counter()
        found = con.sql(query).fetchall()
        took.append(time.perf_counter() - begun)
    threads = con.sql("SELECT current_setting('threads')").fetchall()[0][0]
    print(f"{ids} ids, {len(found)} pairs of spaces: {min(took):.3f} s of {[round(t, 3) for t in took]}, "
          f"{ids / min(took):.0f} ids/s, DuckDB {duckdb.__version__}, {threads} threads")
    for row in found[:60]:
        print("\t".join(map(str, row)))


# What the demo's files say, counted by hand and by `idweave stats`: one of its 10 relations was only ended, which is no interval.
DEMO = {"ids": 38, "entities": 14, "persons": 14, "edges": 29, "evidence": 30, "relations": 9, "history": 42}


def main():
    if sys.argv[1] == "--coverage":
        coverage(sys.argv[2])
        return
    binary = str(pathlib.Path(sys.argv[1]).resolve())
    begun = time.perf_counter()
    for name, part_rows in [("demo", 20), ("random", 100)]:
        with tempfile.TemporaryDirectory() as directory:
            place = pathlib.Path(directory)
            db, snapshot = build(binary, place, name)
            tables = read_all(place, part_rows, binary, snapshot, ["--include-restricted"])
            told = compare_with_dumps(binary, db, tables)
            check_queries(place / "parquet", told)
            check_keyed(binary, place, snapshot, told)
            counts = {table: len(held) for table, held in told.items()}
            if name == "demo":
                assert counts == DEMO, counts
            else:
                kinds = {row["status"] for row in told["edges"]}
                assert kinds == {"accepted", "rejected", "retracted"}, kinds
                assert all(counts.values()) and counts["history"] > counts["ids"], counts
            os.chdir(ROOT)
        print(f"{name}: {counts}, read by {len(READERS)} tools in {len(FORMATS)} formats")
    print(f"all is equal, {time.perf_counter() - begun:.1f} s")


if __name__ == "__main__":
    main()
