def handle(event):
    room = "room:" + event["params"]["room_id"]
    user = event["user"]
    if event["type"] == "connect":
        return {
            "join": room,
            "track": {
                "channel": room,
                "user_id": user["id"],
                "name": user["name"],
                "avatar": user["avatar"],
            },
        }
    if event["type"] == "message":
        data = event["data"]
        if data["event"] == "typing":
            return {"set_presence": {"channel": room, "state": "typing"}}
        if data["event"] == "stop_typing":
            return {"set_presence": {"channel": room, "state": "online"}}
        return {"broadcast_room": event["message"]}
    return {}


def run(n):
    event = {
        "type": "message",
        "params": {"room_id": "x"},
        "user": {"id": 1},
        "data": {"event": "hi"},
        "message": "hello",
    }
    for _ in range(n):
        handle(event)
    return n
