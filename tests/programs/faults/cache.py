"""A cache that nothing bounds: every answer is kept, and no question comes twice."""


class Answer:
    def __init__(self, question):
        self.question = question
        self.text = "answer to %d" % question


class Service:
    def __init__(self):
        self.cache = {}

    def ask(self, question):
        if question not in self.cache:
            self.cache[question] = Answer(question)  # kept for ever
        return self.cache[question].text


def main():
    service = Service()
    for question in range(20000):
        service.ask(question).upper()
    return service


service = main()
