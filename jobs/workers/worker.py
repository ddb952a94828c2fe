#!/usr/bin/env python3
"""A worker in Python. It is asked and replies on descriptors of its own, so whatever it and its
libraries print is its log. The part to replace is `work`: it gets the item (text, any JSON value of
a queue with `framing = "json"`, or `{"base64": …}` where it is no text) and returns the items that
come of it; whatever it raises is why the item failed.
"""
import json
import os
import traceback


def work(item):
    if not item:
        raise ValueError("an empty item")
    return [item.upper()]


requests = os.fdopen(int(os.environ["RUNNER_IN_FD"]), encoding="utf-8", newline="\n")
replies = os.fdopen(int(os.environ["RUNNER_OUT_FD"]), "wb", buffering=0)
replies.write(b'{"ready":true,"window":16}\n')
for line in requests:
    request = json.loads(line)
    try:
        reply = json.dumps({"id": request["id"], "ok": True, "out": work(request["item"])})
    except Exception as error:
        traceback.print_exc()
        reason = f"{type(error).__name__}: {error}"
        reply = json.dumps({"id": request["id"], "ok": False, "error": reason})
    replies.write(reply.encode() + b"\n")
