"""What the forms accept, and in which words they refuse."""

import re
import unicodedata
from typing import Any

from flask_babel import gettext, lazy_gettext
from flask_wtf import FlaskForm
from wtforms import Field, HiddenField, PasswordField, RadioField, StringField, ValidationError
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]  # younger than the stubs

from shared import mentions, rooms, users
from shared.text import BLANK, nickname_key
from web import common_passwords
from web.backends import database, settings

GENDERS = [
    SelectChoice(0, lazy_gettext("not said")),
    SelectChoice(1, lazy_gettext("male")),
    SelectChoice(2, lazy_gettext("female")),
]
# MariaDB keeps this many characters of the key by which room names are unique; one character
# of a name can become 18 of its key (U+FDFA).
ROOM_KEY_MAX = 400
TOPIC_MAX = 250  # characters that MariaDB keeps of a topic
LEVELS = ("all", "mentions", "muted")
# They would turn around what stands beside the name (Unicode UAX #9 §2).
BIDI_CONTROLS = re.compile("[\u202a-\u202e\u2066-\u2069]")


def _typed(**attributes: str) -> dict[str, object]:
    """Attributes of a required input; `autocomplete` names are those of the HTML standard (§4.10.18.7.1)."""
    return {"required": True, **attributes}


def _gender(text: object) -> int:
    """One of the choices, exactly as the form writes it: `int` would also take " 1" and "٢"."""
    if str(text) not in ("0", "1", "2"):
        raise ValueError(text)
    return int(str(text))


def _strip(text: str | None) -> str | None:
    """Without the space that keyboards of phones put after a word."""
    return text.strip(" ") if text else text


class SignInForm(FlaskForm):  # type: ignore[misc]
    """A name and a password. What is wrong with either is never told apart from what is unknown."""

    name = StringField(
        lazy_gettext("User name"),
        filters=[_strip],
        render_kw=_typed(autocomplete="username", autocapitalize="none", spellcheck="false"),
    )
    password = PasswordField(lazy_gettext("Password"), render_kw=_typed(autocomplete="current-password"))
    next = HiddenField()

    def validate_name(self, field: Field) -> None:
        """Only that there is one."""
        if not field.data:
            raise ValidationError(gettext("Type your user name."))

    def validate_password(self, field: Field) -> None:
        """Only that there is one."""
        if not field.data:
            raise ValidationError(gettext("Type your password."))


class RegisterForm(FlaskForm):  # type: ignore[misc]
    """A new account."""

    name = StringField(
        lazy_gettext("User name"),
        filters=[_strip],
        render_kw=_typed(autocomplete="username", autocapitalize="none", spellcheck="false"),
    )
    password = PasswordField(
        lazy_gettext("Password"),
        # No maxlength: a browser cuts off what is pasted, silently, and counts an emoji twice.
        render_kw=_typed(autocomplete="new-password"),
    )
    password_again = PasswordField(
        lazy_gettext("Password again"), render_kw=_typed(autocomplete="new-password")
    )
    # Whoever leaves it out, as a program may, has not said it.
    gender = RadioField(lazy_gettext("Gender"), coerce=_gender, choices=GENDERS, default=0)
    next = HiddenField()

    def __init__(self, *args: Any, **values: Any) -> None:
        super().__init__(*args, **values)
        limits = settings()
        self.name.description = gettext(
            "%(least)s to %(most)s letters (A–Z), digits or underscores. Others see it.",
            least=limits.name_min,
            most=limits.name_max,
        )
        self.name.render_kw = {
            **self.name.render_kw,
            "minlength": limits.name_min,
            "maxlength": limits.name_max,
        }
        self.password.description = password_hint()

    def validate_name(self, field: Field) -> None:
        """Form and length, and that nobody has it."""
        name, limits = field.data or "", settings()
        if not name:
            raise ValidationError(gettext("Choose a user name."))
        if nickname_key(name) is None:
            raise ValidationError(
                gettext("Only letters (A–Z, a–z), digits and underscores can stand in a user name.")
            )
        if len(name) < limits.name_min:
            raise ValidationError(
                gettext("A user name has at least %(least)s characters.", least=limits.name_min)
            )
        if len(name) > limits.name_max:
            raise ValidationError(
                gettext("A user name has at most %(most)s characters.", most=limits.name_max)
            )
        if name.lower() == mentions.ROOM:
            raise ValidationError(gettext("@room calls everybody in a room. Choose another name."))
        with database().cursor() as cursor:
            if users.by_name(cursor, name):
                raise ValidationError(name_taken())

    def validate_password(self, field: Field) -> None:
        """One that holds."""
        check_new_password(field.data or "", name=self.name.data or "")

    def validate_password_again(self, field: Field) -> None:
        """The same once more."""
        if not field.data:
            raise ValidationError(gettext("Type the password once more."))
        if field.data != self.password.data:
            raise ValidationError(gettext("The two passwords differ."))

    def validate_gender(self, field: Field) -> None:
        """One of the choices; the library's own words for it are for programmers."""
        if field.errors:
            field.errors = [gettext("Choose one of these.")]


class RoomForm(FlaskForm):  # type: ignore[misc]
    """A new room."""

    name = StringField(lazy_gettext("Name"))

    def validate_name(self, field: Field) -> None:
        """Length in code points, and that there is something to see."""
        typed, most = field.data or "", settings().room_name_max
        name = field.data = rooms.clean_name(typed)
        if not name:
            raise ValidationError(gettext("Give the room a name."))
        if _has_controls(typed.strip()):
            raise ValidationError(gettext("A room's name can not contain control characters."))
        if len(name) > most or len(rooms.name_key(name)) > ROOM_KEY_MAX:
            raise ValidationError(gettext("A room's name has at most %(most)s characters.", most=most))
        if not any(_draws(character) for character in rooms.name_key(name)):
            raise ValidationError(gettext("A room's name needs something that one can see."))
        if BIDI_CONTROLS.search(typed):
            raise ValidationError(gettext("A room's name can not contain control characters."))


class RoomSettingsForm(RoomForm):
    """What an owner may change of a room."""

    topic = StringField(lazy_gettext("Topic"))

    def validate_topic(self, field: Field) -> None:
        """Length in code points. It may be empty, but who leaves it out has not said that they want none."""
        if not field.raw_data:
            raise ValidationError(gettext("Say what the room is about, or leave it empty."))
        typed = field.data or ""
        topic = field.data = rooms.clean_name(typed)
        if _has_controls(typed.strip()) or BIDI_CONTROLS.search(typed):
            raise ValidationError(gettext("A topic can not contain control characters."))
        if len(topic) > TOPIC_MAX:
            raise ValidationError(gettext("A topic has at most %(most)s characters.", most=TOPIC_MAX))


class LevelForm(FlaskForm):  # type: ignore[misc]
    """What calls somebody in a room."""

    level = StringField()

    def validate_level(self, field: Field) -> None:
        """One of the levels, exactly."""
        if field.data not in LEVELS:
            raise ValidationError(gettext("Choose one of these."))


def password_hint() -> str:
    """What is told to who chooses a password."""
    return str(
        gettext(
            "At least %(least)s characters; spaces and emoji are fine. A few words that only you would put together are best.",
            least=settings().password_min,
        )
    )


def check_new_password(password: str, *, name: str) -> None:
    """Length in code points, that it can be typed, and that it is not guessed first (NIST SP 800-63B-4 §3.1.1.2).

    `name` is the user's. Raises `ValidationError`.
    """
    limits = settings()
    if not password:
        raise ValidationError(gettext("Choose a password."))
    if _has_controls(password):
        raise ValidationError(gettext("A password can not contain control characters."))
    if len(password) < limits.password_min:
        raise ValidationError(
            gettext("A password has at least %(least)s characters.", least=limits.password_min)
        )
    if len(password) > limits.password_max:
        raise ValidationError(
            gettext("A password has at most %(most)s characters.", most=limits.password_max)
        )
    if common_passwords.is_name(password, name):
        raise ValidationError(gettext("Your user name and the name of this service are guessed first."))
    if common_passwords.is_common(password):
        raise ValidationError(
            gettext("This is one of the passwords that many people use, and that are guessed first.")
        )


def name_taken() -> str:
    """The words for a user name that somebody has."""
    return str(gettext("This user name is taken."))


def room_name_taken() -> str:
    """The words for a room name that another room has."""
    return str(gettext("There is a room with this name."))


def _has_controls(text: str) -> bool:
    """Whether there is a control character, a lone surrogate or a line separator in it."""
    return any(unicodedata.category(character) in ("Cc", "Cs", "Zl", "Zp") for character in text)


def _draws(character: str) -> bool:
    """Whether a reader sees it, standing alone: a letter, digit, sign or symbol."""
    return unicodedata.category(character)[0] in "LNPS" and character != BLANK
