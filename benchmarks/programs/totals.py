def run(n):
    xs = [i * 7 % n for i in range(n)]
    words = [str(x) for x in xs]
    total = 0
    for x in xs:
        total += x
    return [total, sum(xs), max(xs), min(xs), max(words), len(",".join(words))]
