"""Tasks are kept so that they are not collected while they run, and never let go."""

import asyncio

background = set()


class Message:
    def __init__(self, number):
        self.payload = "message %d" % number


async def deliver(number):
    message = Message(number)  # the task's result
    await asyncio.sleep(0)
    return message


async def main():
    for number in range(5000):
        task = asyncio.ensure_future(deliver(number))
        background.add(task)  # no add_done_callback(background.discard)
        await task


asyncio.run(main())
