def run(n):
    xs = list(range(n))
    # A call per item, as in the Soli program: that is what is compared.
    doubled = list(map(lambda x: x * 2, xs))  # noqa: C417
    return len(sorted(filter(lambda x: x % 3 == 0, doubled), key=lambda x: 0 - x))
