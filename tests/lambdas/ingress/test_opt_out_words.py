"""Whoever asks to be left alone is understood, and nobody else."""

from __future__ import annotations

import pytest

from twbot.lambdas.ingress.opt_out import opt_out_in

OUT = """
stop
STOP!!!
@twbot stop
@twbot please stop
Stop it, please.
stop replying
please stop replying to me
Can you please stop replying to me?
could you stop tweeting at me
I want you to stop messaging me
would you stop tagging us
stop mentioning me in your tweets
unsubscribe
Unsubscribe me please
how do I unsubscribe?
I want to unsubscribe
opt out
opt-out
Opt me out
I'd like to opt out
leave me alone
Leave me alone!!! 😡
just leave us alone
please, leave me alone already
quit right now
abmelden, right now!
don't reply to me
Do not ever reply to me again
don’t tag me
never contact me again
no more replies please
remove me from your list
take me off this list
I don't want your replies
I do not want you to reply to me
stop spamming me
go away
shut up
Quit
ＳＴＯＰ
'stop'
stop stop stop
st\u200bop
Can you please stop?
I told you to stop
Stop. I don't want this.
Why do you keep replying to me? Stop.
Please stop replying to my tweets, I never asked for this and I find it really annoying.
I did not ask for any of this. Please leave me alone and never reply to me again, thank you.
Tell me a joke. No wait, stop replying to me
stop @ing me
don't @ me
quit bugging me
leave me the hell alone
I don't want replies from you
I don't want you replying to me
cancel
@twbot END
No more!
that's enough, thanks
s.t.o.p
S T O P
stooooop
STOPPPP IT
l e a v e me alone
I told you to leave me alone
I have asked you twice to leave me alone
Everyone says you are annoying, stop replying to me
Lass mich in Ruhe!
Bitte hör auf
Antworte mir nicht mehr
Lass mich bitte in Ruhe
Kannst du bitte aufhören?
¡Basta!
Déjame en paz, por favor
Arrête, stp
Laisse-moi tranquille
Me deixa em paz
Smettila
Lasciami in pace
Laat me met rust
Стоп
Оставь меня в покое, пожалуйста
やめてください
返信しないで
退订
不要再回复我
그만해
توقف
बंद करो
""".strip().splitlines()

NOT_OUT = """
tell me a joke
don't stop
never stop replying to me
Don't stop tweeting me jokes
I can't stop laughing
non-stop fun
What does a stop sign say?
tell me a joke about a man who says leave me alone
don't leave me alone
please do not unsubscribe me
Why did the bus stop here?
stop sign
the bus stop is over there
one stop shop
Tell me a fact about stopping trains
How can I stop my cat from biting?
where do I unsubscribe my grandma from your newsletter, and what would she think of it if I did
Who said "stop replying to me"?
hello
the quit button
parade
paradise
thanks, no more jokes today, but a fact would be nice
I stopped replying to my ex
The unsubscribe button does not work
Stop, drop and roll
she told him to leave me alone
My boss says to stop tagging us
I asked my brother to stop texting me
Who told you not to message me
what a dramatic end
the weekend
cancel culture
no more tears
""".strip().splitlines()

BACK = """
start
START
@twbot start again please
subscribe
opt in
You can reply to me again
come back
antworte mir wieder
""".strip().splitlines()


@pytest.mark.parametrize("text", OUT)
def test_asks_to_be_left_alone(text: str) -> None:
    """In whatever words, case, politeness and punctuation."""
    assert opt_out_in(text) is True


@pytest.mark.parametrize("text", [*NOT_OUT, "", "@twbot", "🛑", "stop " * 5000])
def test_speaks_of_something_else(text: str) -> None:
    """A post that only contains such a word is a post like any other."""
    assert opt_out_in(text) is None


@pytest.mark.parametrize("text", BACK)
def test_wants_to_come_back(text: str) -> None:
    """Nobody else can take a person off the list, so that this has to be easy, too."""
    assert opt_out_in(text) is False
