class Counter:
    def __init__(self):
        self.n = 0

    def add(self, k):
        self.n = self.n + k
        return self

    def value(self):
        return self.n


def run(n):
    c = Counter()
    for i in range(n):
        c.add(i)
    return c.value()
