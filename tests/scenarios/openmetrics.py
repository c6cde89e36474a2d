# SPDX-License-Identifier: MIT
"""A strict reader of OpenMetrics 1.0, as far as gauges, counters and infos go. What the ABNF of the standard does not
allow is an AssertionError."""
import re

NAME = r"[a-zA-Z_:][a-zA-Z0-9_:]*"
LABEL = re.compile(r'([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\[\\"n])*)"(,|$)')
SAMPLE = re.compile(rf"({NAME})(?:\{{(.*)\}})? (-?[0-9]+(?:\.[0-9]+)?)")
SUFFIX = {"gauge": "", "counter": "_total", "info": "_info"}


def read_labels(text):
    labels, at = {}, 0
    while at < len(text):
        label = LABEL.match(text, at)
        assert label, text
        assert label[1] not in labels, f"{label[1]} twice: {text}"
        assert (label[3] == ",") == (label.end() < len(text)), f"a comma at the end: {text}"
        labels[label[1]] = re.sub(r"\\(.)", lambda m: "\n" if m[1] == "n" else m[1], label[2])
        at = label.end()
    return labels


def read(text):
    """{name of a sample: {frozenset of its labels: number}}."""
    assert text.endswith("\n# EOF\n"), "no end"
    families, samples, name = {}, {}, None
    for line in text.split("\n")[:-2]:
        word = line.split(" ", 3)
        if word[0] == "#":
            assert word[1] in ("HELP", "TYPE", "UNIT") and re.fullmatch(NAME, word[2]), line
            if word[2] != name:
                name = word[2]
                assert name not in families, f"{name} is not in one piece"
                families[name] = {"samples": 0}
            family = families[name]
            assert family["samples"] == 0 and word[1] not in family, f"late or twice: {line}"
            family[word[1]] = word[3]
            assert word[1] != "TYPE" or word[3] in SUFFIX, line
            assert word[1] != "UNIT" or name.endswith("_" + word[3]), line
            continue
        sample = SAMPLE.fullmatch(line)
        assert sample, line
        family = families[name]
        assert sample[1] == name + SUFFIX[family["TYPE"]], f"{sample[1]} among those of {name}"
        assert family["TYPE"] == "gauge" or float(sample[3]) >= 0, line
        assert family["TYPE"] != "info" or sample[3] == "1", line
        key = frozenset(read_labels(sample[2] or "").items())
        assert key not in samples.setdefault(sample[1], {}), f"twice: {line}"
        samples[sample[1]][key] = float(sample[3])
        family["samples"] += 1
    return samples


def pick(samples, name, **labels):
    """The number of the one sample with these labels."""
    found = [v for k, v in samples.get(name, {}).items() if set(labels.items()) <= k]
    assert len(found) == 1, f"{len(found)} of {name} {labels}"
    return found[0]
