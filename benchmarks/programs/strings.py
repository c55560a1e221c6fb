def run(n):
    out = []
    for i in range(n):
        out.append(f"item {i}: " + str(i * 2))
    return len(",".join(out))
