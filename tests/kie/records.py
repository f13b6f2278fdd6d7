"""A finished task as KIE records it."""

import json

from tests.kie.conftest import MODEL, TASK, TASK_ID

VIDEO = f"https://tempfile.aiquickdraw.com/k/{TASK_ID}_1_1787237472_1233.mp4"
PARAM = {
    "model": MODEL,
    "callBackUrl": TASK.callback_url,
    "input": json.dumps(dict(TASK.input)),
}
DATA: dict[str, object] = {
    "taskId": TASK_ID, "model": MODEL, "state": "success", "param": json.dumps(PARAM),
    "resultJson": json.dumps({"resultUrls": [VIDEO]}), "failCode": None, "failMsg": None,
    "costTime": 137, "createTime": 1787237335813, "completeTime": 1787237473583,
    "creditsConsumed": 160.0,
}  # fmt: skip
