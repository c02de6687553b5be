//! What a suite is told of a corp that authorised it, and a platform of an app (wechat reference 9.1, 10).

use serde_json::json;

use crate::simulator::call::{Answer, Call, Caller, ok, refused};
use crate::simulator::world::World;

impl World {
    fn auth_corp(&self) -> serde_json::Value {
        json!({"corpid": self.topology.open_corp, "corp_name": "", "corp_type": "verified", "subject_type": 1})
    }

    fn auth_info(&self) -> serde_json::Value {
        json!({"agent": [{"agentid": 1000012, "name": "", "appid": 1, "auth_mode": 1, "is_customized_app": false}]})
    }

    pub(super) fn permanent_code(&mut self, call: &Call<'_>) -> Answer {
        if call.text("auth_code") != "AUTHCODE" {
            return refused(40078);
        }
        Ok(ok(json!({
            "permanent_code": self.topology.permanent_code(), "auth_corp_info": self.auth_corp(),
            "auth_info": self.auth_info(),
            "auth_user_info": {"userid": self.provided.users.id(0), "open_userid": self.provided.users.id(0)},
        })))
    }

    pub(super) fn suite_auth_info(&mut self, call: &Call<'_>) -> Answer {
        if call.text("permanent_code") != self.topology.permanent_code() {
            return refused(40084);
        }
        Ok(ok(json!({"auth_corp_info": self.auth_corp(), "auth_info": self.auth_info()})))
    }

    pub(super) fn authorizer_info(&mut self, call: &Call<'_>) -> Answer {
        let (Caller::Component, Some(app)) = (call.caller, self.app_of(call.text("authorizer_appid"))) else {
            return refused(61003);
        };
        let original = self.app(app).map(|app| app.original.clone()).unwrap_or_default();
        Ok(json!({
            "authorizer_info": {
                "nick_name": "", "user_name": original, "principal_name": "", "service_type_info": {"id": 2},
                "verify_type_info": {"id": 0},
            },
            "authorization_info": {"authorizer_appid": call.text("authorizer_appid"), "func_info": []},
        }))
    }
}
