"""One impatient approver as a process: clicks each post several times at the same moment as all the others.

Reads one JSON order on standard input, prints one JSON answer: how often each HTTP status came.
"""

import asyncio
import json
import sys
import time
from collections import Counter
from typing import Any

import httpx


async def click(order: dict[str, Any]) -> dict[str, Any]:
    """Clicks every post `times` times at once."""
    headers = {"Authorization": f"Bearer {order['token']}"}
    body = {"revision": 1, "reason": "seen"}
    statuses: Counter[str] = Counter()
    slowest = 0.0
    async with httpx.AsyncClient(trust_env=False, timeout=60, headers=headers) as client:
        await asyncio.sleep(order["at"] - time.time())
        for number, post in enumerate(order["posts"]):
            url = order["urls"][number % len(order["urls"])]
            address = f"{url}/api/v1/posts/{post}/actions/{order['action']}"
            began = time.perf_counter()
            answers = await asyncio.gather(*(client.post(address, json=body) for _ in range(order["times"])))
            slowest = max(slowest, time.perf_counter() - began)
            statuses.update(f"{answer.status_code} {answer.json().get('code', '')}".strip() for answer in answers)
    return {"statuses": statuses, "slowest": slowest}


if __name__ == "__main__":
    print(json.dumps(asyncio.run(click(json.loads(sys.stdin.readline())))))
