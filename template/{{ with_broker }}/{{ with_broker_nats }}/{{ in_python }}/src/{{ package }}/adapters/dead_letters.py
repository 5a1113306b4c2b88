"""The dead letters of NATS."""

from nats.js.errors import NotFoundError

from .broker import COMMANDS_SUBJECT, DEAD, BrokerSettings, Session, plain


async def redeliver(session: Session, settings: BrokerSettings) -> int:
    """Move as many as there are now to the work queue. Returns their number."""
    jetstream = session.jetstream
    try:
        state = (await session.answer(jetstream.stream_info(DEAD))).state
    except NotFoundError:
        return 0
    moved, number = 0, state.first_seq
    while number <= state.last_seq:
        try:
            letter = await session.answer(jetstream.get_msg(DEAD, seq=number, next=True, subject=">"))
        except NotFoundError:
            break
        number = letter.seq or number
        if number > state.last_seq:
            break
        command, headers = letter.data or b"", plain(letter.headers)
        seconds = settings.timeout_seconds
        await session.answer(jetstream.publish(COMMANDS_SUBJECT, command, seconds, headers=headers))
        await session.answer(jetstream.delete_msg(DEAD, number))
        moved, number = moved + 1, number + 1
    return moved
