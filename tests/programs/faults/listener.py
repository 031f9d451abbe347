"""A listener that is added with every window and never removed."""


class Event:
    def __init__(self):
        self.listeners = []

    def add(self, listener):
        self.listeners.append(listener)

    def fire(self):
        for listener in self.listeners[-3:]:
            listener()


class Window:
    def __init__(self, number):
        self.title = "window %d" % number

    def redraw(self):
        return self.title.upper()


changed = Event()


def open_and_close(number):
    window = Window(number)
    changed.add(window.redraw)  # keeps the window
    changed.fire()


for number in range(15000):
    open_and_close(number)
