"""The sentences that micro knows: everyday talk, numbers and commands, some 300 words."""

import hashlib
import random
import re

KINDS = """
digit: zero, one, two, three, four, five, six, seven, eight, nine
teen: ten, eleven, twelve, thirteen, fourteen, fifteen, sixteen, seventeen, eighteen
teen: nineteen
tens: twenty, thirty, forty, fifty, sixty, seventy, eighty, ninety
hour: one, two, three, four, five, six, seven, eight, nine, ten, eleven, twelve
minutes: five, ten, fifteen, twenty, thirty, forty, forty five
day: Monday, Tuesday, Wednesday, Thursday, Friday, Saturday, Sunday
month: January, February, March, April, May, June, July, August, September, October
month: November, December
when: today, tomorrow, tonight, this morning, this evening, next week
room: kitchen, bedroom, bathroom, office, garage, garden, hall
device: light, lamp, fan, heater, radio, television, computer
opening: door, window, gate, curtain
music: jazz, rock, classical, dance, piano
person: mother, father, sister, brother, doctor, teacher, neighbour
name: Anna, David, Emma, Peter, Laura, Martin, Susan, Thomas
adjective: big, small, old, new, red, blue, green, yellow, black, white, quiet, clean
weather: cold, warm, windy, sunny, cloudy, rainy, foggy
season: spring, summer, autumn, winter
animal: dog, cat, horse, bird, rabbit, mouse, sheep, cow, duck
animal2: elephant, owl, old dog
place: house, school, station, market, river, bridge, church, hospital, library, museum
place: park, beach, mountain, village
vehicle: train, bus, car, boat, plane, bicycle, taxi
food: bread, cheese, butter, rice, soup, chicken, fish, salad, chocolate, honey
fruit: apples, oranges, lemons, cherries, bananas, grapes
drink: water, coffee, tea, milk, juice, lemonade
thing: book, letter, picture, ticket, hammer, basket, bottle, camera, blanket
went: walked, jumped, ran, looked, slept, waited, swam
by: near, behind, over, under, across, beside
feeling: happy, tired, hungry, angry, busy, ready, late
job: farmer, driver, painter, singer, writer, nurse, baker
onoff: on, off
openclose: open, close
updown: up, down
unit: minutes, seconds, hours
long: miles, metres, steps
"""
TEMPLATES = """
Turn {onoff} the {room} {device}.
Turn the {music} music {updown}.
Please {openclose} the {opening} in the {room}.
{openclose} the {room} {opening}, please.
Set a timer for {minutes} {unit}.
Set the alarm for {hour} {minutes}.
Play some {music} music in the {room}.
Call my {person} {when}.
Call {name} at {hour} o'clock.
Send a {thing} to {name}.
Remind me to buy {food} and {fruit}.
Add {drink} and {food} to the list.
Stop the {device} in {minutes} {unit}.
What is the weather like {when}?
What time does the {vehicle} leave {when}?
Where is the {adjective} {thing}?
Who has seen my {adjective} {thing}?
How far is it to the {place}?
Is the {place} open on {day}?
The number is {digit} {digit} {digit} {digit}.
My code is {digit} {digit} {digit} {digit} {digit}.
It is {hour} {minutes} now.
The answer is {number}.
{number} and {number} make a lot.
We counted {number} {fruit}.
The meeting is on {month} {number}.
The {vehicle} leaves at {hour} {minutes}.
It is {number} {long} to the {place}.
The {adjective} {animal} {went} {by} the {place}.
An {animal2} and a {animal} {went} {by} the {place}.
The {weather} {season} is my favourite.
It will be {weather} and {weather} {when}.
I would like a cup of {drink}.
I would like some {food} with {drink}, please.
We are going to the {place} on {day}.
{name} is going by {vehicle} {when}.
{name} bought a {adjective} {thing} at the market.
My {person} lives in a {adjective} house.
My {person} works as a {job}.
The {job} and the {job} are {feeling}.
{name} and {name} are {feeling} {when}.
I am very {feeling} {when}.
She gave the {animal} some {food}.
He left his {thing} in the {room}.
They found a {adjective} {thing} {by} the {place}.
There are {number} {adjective} birds in the park.
Can you see the {adjective} {vehicle}?
Do not forget the {thing} and the {thing}.
Every {day} we eat {food} and {fruit}.
Last {season} the {place} was {weather}.
""".strip().splitlines()
TEST_SHARE = 10
"""One sentence in so many is kept for the test."""


def _words() -> dict[str, list[str]]:
    words: dict[str, list[str]] = {}
    for line in KINDS.strip().splitlines():
        kind, _, choices = line.partition(": ")
        words.setdefault(kind, []).extend(choices.split(", "))
    return words


WORDS = _words()


def sentence(random_: random.Random) -> str:
    """One sentence as it is written."""

    def word(place: re.Match[str]) -> str:
        if place[1] == "number":
            return number(random_.randint(1, 99))
        return random_.choice(WORDS[place[1]])

    text = re.sub(r"{(\w+)}", word, random_.choice(TEMPLATES))
    text = re.sub(r"\ba (?=[aeiou])", "an ", text)
    return text[0].upper() + text[1:]


def number(value: int) -> str:
    """From 0 to 99, in words."""
    if value < 20:
        return [*WORDS["digit"], *WORDS["teen"]][value]
    tens, ones = divmod(value, 10)
    word = WORDS["tens"][tens - 2]
    return f"{word} {WORDS['digit'][ones]}" if ones else word


def for_test(text: str) -> bool:
    """Whether a sentence is one that training must never see; the same on every machine."""
    return hashlib.sha256(text.encode()).digest()[0] % TEST_SHARE == 0


def sentences(count: int, seed: int, test: bool) -> list[str]:
    """Different sentences, all from one side of the split."""
    random_ = random.Random(seed)
    found: dict[str, None] = {}
    while len(found) < count:
        text = sentence(random_)
        if for_test(text) == test:
            found[text] = None
    return list(found)


def vocabulary() -> set[str]:
    """Every word of the grammar, in lower case."""
    random_ = random.Random(0)
    texts = [sentence(random_) for _ in range(20_000)]
    return {word.strip(".,?").lower() for text in texts for word in text.split()}
