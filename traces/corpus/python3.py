"""The workload of python3.tw: text to records to JSON and back, counted and sorted."""
import json
import re

state = 12345


def pick(items):
    """A choice that is the same in every run (the random module would seed itself from the system)."""
    global state
    state = (state * 1103515245 + 12345) % 2147483648
    return items[(state >> 8) % len(items)]


words = [f"w{i * 7919 % 10007:05d}" for i in range(4000)]
text = " ".join(pick(words) for _ in range(12000))

counts = {}
for word in re.findall(r"w(\d+)", text):
    counts[word] = counts.get(word, 0) + 1

records = [{"word": w, "count": n, "tags": [w[:2], w[2:]], "weight": n / 7} for w, n in counts.items()]
encoded = json.dumps(records)
decoded = json.loads(encoded)
decoded.sort(key=lambda r: (-r["count"], r["word"]))

by_tag = {}
for r in decoded:
    by_tag.setdefault(r["tags"][0], []).append(r["weight"])
means = sorted((sum(v) / len(v), k) for k, v in by_tag.items())
print(len(encoded), decoded[0]["word"], means[-1])
