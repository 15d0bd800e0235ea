"""What the forms of somebody's own account accept: passwords, and codes of the second factor."""

from typing import Any

from flask_babel import gettext, lazy_gettext
from flask_wtf import FlaskForm
from wtforms import Field, HiddenField, PasswordField, StringField, ValidationError

from web.forms import check_new_password, password_hint

CODE_MAX = 64  # characters of what is typed as a code


class NewPasswordForm(FlaskForm):  # type: ignore[misc]
    """A new password, twice. `owner` is the name of the user, which it must not be."""

    new = PasswordField(
        lazy_gettext("New password"), render_kw={"required": True, "autocomplete": "new-password"}
    )
    again = PasswordField(
        lazy_gettext("New password again"), render_kw={"required": True, "autocomplete": "new-password"}
    )

    def __init__(self, *args: Any, owner: str, **values: Any) -> None:
        super().__init__(*args, **values)
        self.owner = owner
        self.new.description = password_hint()

    def validate_new(self, field: Field) -> None:
        """One that holds."""
        check_new_password(field.data or "", name=self.owner)

    def validate_again(self, field: Field) -> None:
        """The same once more."""
        if not field.data:
            raise ValidationError(gettext("Type the password once more."))
        if field.data != self.new.data:
            raise ValidationError(gettext("The two passwords differ."))


class PasswordForm(FlaskForm):  # type: ignore[misc]
    """The password once more, for what a stranger before an unlocked screen must not do."""

    password = PasswordField(
        lazy_gettext("Your password"), render_kw={"required": True, "autocomplete": "current-password"}
    )

    def validate_password(self, field: Field) -> None:
        """Only that there is one."""
        if not field.data:
            raise ValidationError(gettext("Type your password."))


class ChangePasswordForm(PasswordForm, NewPasswordForm):
    """The old password, and a new one."""

    def validate_new(self, field: Field) -> None:
        """One that holds, and another one."""
        super().validate_new(field)
        if field.data == self.password.data:
            raise ValidationError(gettext("This is your password already."))


class CodeForm(FlaskForm):  # type: ignore[misc]
    """A code of the app, or a recovery code."""

    code = StringField(
        lazy_gettext("Code"),
        description=lazy_gettext("The six digits that your app shows, or one of your recovery codes."),
        render_kw={
            "required": True,
            "autocomplete": "one-time-code",
            "autocapitalize": "none",
            "spellcheck": "false",
        },
    )
    next = HiddenField()

    def validate_code(self, field: Field) -> None:
        """Only that there is something that may be one."""
        if not (field.data or "").strip():
            raise ValidationError(gettext("Type the code."))
        if len(field.data) > CODE_MAX:
            raise ValidationError(wrong_code())


class SecondFactorForm(PasswordForm):
    """The password and the first code of a new second factor."""

    code = StringField(
        lazy_gettext("Code"),
        description=lazy_gettext("The six digits that your app shows now."),
        render_kw={
            "required": True,
            "autocomplete": "one-time-code",
            "inputmode": "numeric",
            "spellcheck": "false",
        },
    )

    def validate_code(self, field: Field) -> None:
        """Only that there is something that may be one."""
        if not (field.data or "").strip():
            raise ValidationError(gettext("Type the code."))
        if len(field.data) > CODE_MAX:
            raise ValidationError(wrong_code())


def wrong_code() -> str:
    """The words for a code that is not the right one, or was used already."""
    return str(gettext("This code is wrong, or was used already."))


def wrong_password() -> str:
    """The words for a password that is not the user's."""
    return str(gettext("This is not your password."))
