def run(n):
    h = {}
    for i in range(n):
        k = "k" + str(i % 100)
        h[k] = (h.get(k) or 0) + 1
    return len(list(h.keys()))
