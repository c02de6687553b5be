"use strict";
(() => {
  const at = document.getElementById("at");
  const moments = Array.from(document.querySelectorAll(".moment"));
  const show = () => moments.forEach((moment, n) => { moment.classList.toggle("past", n !== Number(at.value)); });
  const go = (by) => { at.value = String(Number(at.value) + by); show(); };
  at.addEventListener("input", show);
  document.getElementById("earlier").addEventListener("click", () => go(-1));
  document.getElementById("later").addEventListener("click", () => go(1));
  show();
})();
