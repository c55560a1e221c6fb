def run(n):
    words = ["alpha", "beta ", "gamma", ""]
    found = 0
    for i in range(n):
        word = words[i % 4]
        if word:
            found += len(word)
        if word.startswith("a"):
            found += 1
        found += len(word.strip().upper())
    return found
