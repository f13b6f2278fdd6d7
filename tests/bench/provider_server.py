"""A provider that answers every read after a fixed time, and costs next to nothing itself.

`python -m tests.bench.provider_server LATENCY_MS` prints its port on one line and serves until killed.
The simulator does far more for each request, which would be measured instead of the sweep.
"""

import asyncio
import json
import sys

_PARAM = json.dumps(
    {
        "model": "kling/v2-1-master-image-to-video",
        "callBackUrl": "https://platform.example.com/callbacks/kie/" + "t" * 43 + "/",
        "input": json.dumps(
            {
                "prompt": "The camera glides forward over the hills while the sun slowly sets",
                "image_url": "https://pictures.example.com/hills.jpg",
                "duration": "5",
                "negative_prompt": "blur, distort, and low quality",
                "cfg_scale": 0.5,
            }
        ),
    }
)


def _body(task_id: str) -> bytes:
    data = {
        "taskId": task_id,
        "model": "kling/v2-1-master-image-to-video",
        "state": "generating",
        "param": _PARAM,
        "resultJson": "",
        "failCode": None,
        "failMsg": None,
        "costTime": None,
        "completeTime": None,
        "createTime": 1_780_000_000_000,
        "creditsConsumed": 160.0,
    }
    return json.dumps({"code": 200, "msg": "success", "data": data}).encode()


class Provider(asyncio.Protocol):
    """One kept-alive connection."""

    def __init__(self, latency_s: float) -> None:
        self._latency_s = latency_s
        self._seen = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._seen += data
        while b"\r\n\r\n" in self._seen:
            head, _, self._seen = self._seen.partition(b"\r\n\r\n")
            task_id = head.split(b"\r\n", 1)[0].split()[1].rpartition(b"=")[2].decode()
            asyncio.get_running_loop().call_later(self._latency_s, self._answer, task_id)

    def _answer(self, task_id: str) -> None:
        body = _body(task_id)
        head = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(body)}"
        if not self._transport.is_closing():
            self._transport.write(head.encode() + b"\r\n\r\n" + body)  # type: ignore[attr-defined]


async def serve(latency_s: float) -> None:
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Provider(latency_s), "127.0.0.1", 0, backlog=256)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1]) / 1000))
