"""Who is calling: a knox token in the Authorization header."""

from django.contrib.auth.models import User
from django.utils import timezone
from knox.crypto import hash_token
from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from generations.models import ApiToken
from generations.services import tokens

_LONGEST = 200


class TokenAuthentication(BaseAuthentication):
    """`Authorization: Bearer TOKEN`. What is stored of a token is its hash, which is also its key.

    knox's own class deletes expired tokens while it looks; a look must not write, and the admin
    still shows them.
    """

    def authenticate(self, request: Request) -> tuple[User, ApiToken] | None:
        words = get_authorization_header(request).split()
        if not words or words[0].lower() != b"bearer":
            return None
        if len(words) != 2 or len(words[1]) > _LONGEST or not words[1].isascii():
            raise AuthenticationFailed
        token = (
            ApiToken.objects.select_related("user")
            .filter(digest=hash_token(words[1].decode("ascii")))
            .first()
        )
        now = timezone.now()
        if token is None or not token.user.is_active:
            raise AuthenticationFailed
        if token.expiry is not None and token.expiry <= now:
            raise AuthenticationFailed
        tokens.note_use(token, now=now)
        return token.user, token

    def authenticate_header(self, request: Request) -> str:
        return "Bearer"
