"""A list of the module's own that every call makes longer."""

history = []


class Entry:
    __slots__ = ("number", "text")

    def __init__(self, number):
        self.number = number
        self.text = "call %d" % number


def call(number):
    entry = Entry(number)  # never leaves the list
    history.append(entry)
    return entry.text.split()


for number in range(20000):
    call(number)
