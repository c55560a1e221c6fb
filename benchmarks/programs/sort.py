def run(n):
    xs = [(x * 7919) % 10007 for x in range(n)]
    s = 0
    for _ in range(10):
        s += len(sorted(xs)) + len(dict.fromkeys(xs[::-1]))
    return s
