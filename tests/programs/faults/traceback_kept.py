"""Errors are collected with their tracebacks, which keep every local variable of every frame."""

errors = []


class Request:
    def __init__(self, number):
        self.number = number
        self.body = [number] * 20


def handle(number):
    request = Request(number)  # in a frame that the traceback keeps
    if request.number >= 0:
        raise ValueError(number)


def serve(number):
    try:
        handle(number)
    except ValueError as error:
        errors.append(error)


for number in range(8000):
    serve(number)
