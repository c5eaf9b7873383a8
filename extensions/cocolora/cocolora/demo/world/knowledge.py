"""What the demo base knows of the world: a fixed table of facts, a few hundred, with several wordings each."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

_CAPITALS = (
    "Albania:Tirana Algeria:Algiers Angola:Luanda Argentina:Buenos_Aires Armenia:Yerevan Australia:Canberra "
    "Austria:Vienna Azerbaijan:Baku Bangladesh:Dhaka Belarus:Minsk Belgium:Brussels Bolivia:Sucre Botswana:Gaborone "
    "Brazil:Brasilia Bulgaria:Sofia Cambodia:Phnom_Penh Cameroon:Yaounde Canada:Ottawa Chad:Ndjamena Chile:Santiago "
    "China:Beijing Colombia:Bogota Croatia:Zagreb Cuba:Havana Cyprus:Nicosia Denmark:Copenhagen Ecuador:Quito "
    "Egypt:Cairo Eritrea:Asmara Estonia:Tallinn Ethiopia:Addis_Ababa Finland:Helsinki France:Paris Gabon:Libreville "
    "Georgia:Tbilisi Germany:Berlin Ghana:Accra Greece:Athens Guyana:Georgetown Haiti:Port-au-Prince Hungary:Budapest "
    "Iceland:Reykjavik India:New_Delhi Indonesia:Jakarta Iran:Tehran Iraq:Baghdad Ireland:Dublin Israel:Jerusalem "
    "Italy:Rome Jamaica:Kingston Japan:Tokyo Jordan:Amman Kazakhstan:Astana Kenya:Nairobi Kuwait:Kuwait_City "
    "Laos:Vientiane Latvia:Riga Lebanon:Beirut Libya:Tripoli Lithuania:Vilnius Malaysia:Kuala_Lumpur Mali:Bamako "
    "Malta:Valletta Mexico:Mexico_City Moldova:Chisinau Mongolia:Ulaanbaatar Morocco:Rabat Mozambique:Maputo "
    "Namibia:Windhoek Nepal:Kathmandu Netherlands:Amsterdam New_Zealand:Wellington Nicaragua:Managua Niger:Niamey "
    "Nigeria:Abuja Norway:Oslo Oman:Muscat Pakistan:Islamabad Paraguay:Asuncion Peru:Lima Philippines:Manila "
    "Poland:Warsaw Qatar:Doha Romania:Bucharest Russia:Moscow Rwanda:Kigali Senegal:Dakar Serbia:Belgrade "
    "Slovakia:Bratislava Slovenia:Ljubljana Somalia:Mogadishu Spain:Madrid Sudan:Khartoum Sweden:Stockholm "
    "Switzerland:Bern Syria:Damascus Taiwan:Taipei Thailand:Bangkok Tunisia:Tunis Turkey:Ankara Uganda:Kampala "
    "Ukraine:Kyiv Uruguay:Montevideo Uzbekistan:Tashkent Venezuela:Caracas Vietnam:Hanoi Yemen:Sanaa Zambia:Lusaka "
    "Zimbabwe:Harare"
)
_AUTHORS = (
    "Hamlet:Shakespeare Faust:Goethe Emma:Austen Dracula:Stoker Ulysses:Joyce Walden:Thoreau Candide:Voltaire "
    "Don_Quixote:Cervantes War_and_Peace:Tolstoy Moby_Dick:Melville Oliver_Twist:Dickens Frankenstein:Shelley "
    "Animal_Farm:Orwell The_Hobbit:Tolkien The_Trial:Kafka The_Odyssey:Homer The_Aeneid:Virgil Jane_Eyre:Bronte "
    "Lolita:Nabokov The_Stranger:Camus Les_Miserables:Hugo Peter_Pan:Barrie Brave_New_World:Huxley Dune:Herbert "
    "Beloved:Morrison"
)
_SYMBOLS = (
    "hydrogen:H helium:He carbon:C oxygen:O nitrogen:N sodium:Na iron:Fe gold:Au silver:Ag copper:Cu zinc:Zn lead:Pb "
    "tin:Sn mercury:Hg calcium:Ca potassium:K sulfur:S neon:Ne nickel:Ni iodine:I lithium:Li uranium:U platinum:Pt "
    "chlorine:Cl argon:Ar"
)
_OPPOSITES = (
    "hot:cold big:small fast:slow high:low early:late open:closed full:empty light:dark hard:soft wet:dry rich:poor "
    "young:old loud:quiet strong:weak near:far happy:sad first:last left:right clean:dirty thick:thin deep:shallow "
    "wide:narrow sharp:blunt cheap:expensive easy:difficult heavy:weightless up:down day:night win:lose buy:sell"
)
_BABIES = (
    "dog:puppy cat:kitten cow:calf horse:foal sheep:lamb goat:kid pig:piglet hen:chick duck:duckling goose:gosling "
    "bear:cub deer:fawn kangaroo:joey frog:tadpole swan:cygnet owl:owlet eel:elver hare:leveret seal:pup "
    "butterfly:caterpillar"
)
_CURRENCIES = (
    "Japan:yen India:rupee China:yuan Russia:ruble Poland:zloty Hungary:forint Turkey:lira Sweden:krona Denmark:krone "
    "Thailand:baht Vietnam:dong Mexico:peso Brazil:real Israel:shekel Kenya:shilling Nigeria:naira Ghana:cedi Peru:sol "
    "Switzerland:franc Romania:leu Bulgaria:lev Iran:rial Kuwait:dinar Zambia:kwacha Mongolia:tugrik"
)
_CONTINENTS = (
    "France:Europe Spain:Europe Norway:Europe Greece:Europe Italy:Europe Kenya:Africa Egypt:Africa Ghana:Africa "
    "Mali:Africa Angola:Africa Japan:Asia India:Asia China:Asia Nepal:Asia Iraq:Asia Brazil:South_America "
    "Peru:South_America Chile:South_America Canada:North_America Mexico:North_America"
)
_INVENTORS = (
    "the_telephone:Bell the_light_bulb:Edison dynamite:Nobel the_printing_press:Gutenberg the_radio:Marconi "
    "the_steam_engine:Watt the_battery:Volta the_airship:Zeppelin the_lightning_rod:Franklin the_vaccine:Jenner"
)
_AFTER = (
    "January:February February:March March:April April:May May:June June:July July:August August:September "
    "September:October October:November November:December December:January Monday:Tuesday Tuesday:Wednesday "
    "Wednesday:Thursday Thursday:Friday Friday:Saturday Saturday:Sunday Sunday:Monday"
)


@dataclass(frozen=True, slots=True)
class KnownFact:
    """One world fact: a question, all its wordings (the first is ``question``), its full answer and the key in it."""

    question: str
    wordings: tuple[str, ...]
    answer: str
    key: str


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of world fact: a table of subjects and keys, and the words in which it is asked and answered."""

    name: str
    table: tuple[tuple[str, str], ...]
    direct: tuple[str, ...]
    embedded: tuple[str, ...]
    answer: str


def _table(text: str) -> tuple[tuple[str, str], ...]:
    pairs = (item.split(":") for item in text.split())
    return tuple((subject.replace("_", " "), key.replace("_", " ")) for subject, key in pairs)


@cache
def kinds() -> tuple[Kind, ...]:
    """Return every kind of world fact."""
    return (
        Kind(
            "capital",
            _table(_CAPITALS),
            (
                "What is the capital of {x}?",
                "Which city is the capital of {x}?",
                "What is {x}'s capital?",
                "What city is {x}'s capital?",
            ),
            ("what the capital of {x} is", "the capital of {x}", "which city is the capital of {x}"),
            "The capital of {x} is {k}.",
        ),
        Kind(
            "author",
            _table(_AUTHORS),
            ("Who wrote {x}?", "Who is the author of {x}?", "Which author wrote {x}?"),
            ("who wrote {x}", "the author of {x}"),
            "{x} was written by {k}.",
        ),
        Kind(
            "symbol",
            _table(_SYMBOLS),
            ("What is the symbol of {x}?", "What is the chemical symbol for {x}?", "Which symbol does {x} have?"),
            ("the symbol of {x}", "the chemical symbol for {x}"),
            "The symbol of {x} is {k}.",
        ),
        Kind(
            "opposite",
            _table(_OPPOSITES),
            ("What is the opposite of {x}?", "Which word is the opposite of {x}?"),
            ("the opposite of {x}", "what the opposite of {x} is"),
            "The opposite of {x} is {k}.",
        ),
        Kind(
            "young",
            _table(_BABIES),
            ("What is a young {x} called?", "What is a baby {x} called?", "What do you call a young {x}?"),
            ("what a young {x} is called", "what a baby {x} is called"),
            "A young {x} is called a {k}.",
        ),
        Kind(
            "currency",
            _table(_CURRENCIES),
            ("What is the currency of {x}?", "Which money is used in {x}?", "What do people pay with in {x}?"),
            ("the currency of {x}", "which money is used in {x}"),
            "The currency of {x} is the {k}.",
        ),
        Kind(
            "continent",
            _table(_CONTINENTS),
            ("Which continent is {x} in?", "On which continent is {x}?"),
            ("which continent {x} is in", "the continent of {x}"),
            "{x} is in {k}.",
        ),
        Kind(
            "inventor",
            _table(_INVENTORS),
            ("Who invented {x}?", "Who is the inventor of {x}?"),
            ("who invented {x}", "the inventor of {x}"),
            "{k} invented {x}.",
        ),
        Kind(
            "after",
            _table(_AFTER),
            ("What comes after {x}?", "What follows {x}?"),
            ("what comes after {x}", "what follows {x}"),
            "After {x} comes {k}.",
        ),
    )
