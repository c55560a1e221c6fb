class User:
    def __init__(self, name, age):
        self.name = name
        self.age = age


def run(n):
    users = [User(f"u{i}", i) for i in range(n // 10)]
    found = 0
    for turn in range(10):
        found = len([user.name for user in users]) + len([u for u in users if u.age > turn])
    return found
