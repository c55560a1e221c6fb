def run(n):
    rows = [{"id": i, "name": f"n{i}"} for i in range(n // 10)]
    last = n // 10 - 1
    found = 0
    for turn in range(10):
        found += next(row for row in rows if row["id"] == last)["id"]
        found += len([row for row in rows if not row["id"] > turn])
        if any(row["name"] == "none" for row in rows):
            found += 1
    return found
