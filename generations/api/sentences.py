"""What the API says to people: a title for every kind of problem, sentences for its own faults."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of problem: its HTTP status and its title in each language."""

    status: int
    ru: str
    en: str

    def title(self, language: str) -> str:
        return self.en if language == "en" else self.ru


KINDS: Mapping[str, Kind] = {
    "malformed": Kind(400, "Тело запроса не читается.", "The request's body cannot be read."),
    "invalid": Kind(400, "Запрос нарушает правила.", "The request breaks rules."),
    "picture_refused": Kind(400, "Картинка не подходит.", "The picture is refused."),
    "idempotency_key_required": Kind(
        400,
        "Нужен заголовок Idempotency-Key: без него повтор запроса мог бы стоить денег дважды.",
        "The header Idempotency-Key is required: without it a repeated request could cost twice.",
    ),
    "idempotency_key_invalid": Kind(
        400,
        "Idempotency-Key — от 1 до 255 видимых символов ASCII без пробелов.",
        "An Idempotency-Key has 1 to 255 visible ASCII characters and no spaces.",
    ),
    "not_authenticated": Kind(
        401,
        "Нужен заголовок Authorization: Bearer с токеном.",
        "The header Authorization: Bearer with a token is required.",
    ),
    "token_refused": Kind(
        401,
        "Токен не действует: он неизвестен, истёк, отозван или его владелец отключён.",
        "The token is not valid: unknown, expired, revoked, or its owner is disabled.",
    ),
    "permission_denied": Kind(
        403, "На это у вас нет права.", "You do not have the right to do this."
    ),
    "scope_missing": Kind(
        403, "У токена нет нужной области действия.", "The token lacks the scope for this."
    ),
    "csrf_failed": Kind(
        403,
        "Проверка CSRF не пройдена: обновите страницу и повторите.",
        "The CSRF check failed: reload the page and try again.",
    ),
    "not_found": Kind(404, "Такого здесь нет.", "There is nothing under this name."),
    "video_not_archived": Kind(
        404, "Видео ещё не сохранено у нас.", "The video has not been archived yet."
    ),
    "method_not_allowed": Kind(
        405, "Этот метод здесь не поддерживается.", "This method is not supported here."
    ),
    "not_acceptable": Kind(
        406, "Ответ бывает только в JSON.", "The answer can only be given as JSON."
    ),
    "wrong_state": Kind(
        409,
        "Состояние генерации этого не позволяет.",
        "The generation's status does not allow this.",
    ),
    "decision_refused": Kind(409, "Так решить сейчас нельзя.", "This cannot be decided so now."),
    "budget_exceeded": Kind(
        402,
        "В бюджете нет места для этой генерации, поэтому ничего не отправлено.",
        "The budget has no room for this generation, so nothing was sent.",
    ),
    "price_missing": Kind(
        409,
        "Для этой модели и этих параметров цена неизвестна, поэтому ничего не отправлено.",
        "No price is known for this model and these parameters, so nothing was sent.",
    ),
    "request_in_progress": Kind(
        409,
        "Первый запрос с этим ключом ещё выполняется.",
        "The first request with this key is still running.",
    ),
    "length_required": Kind(
        411, "Нужен заголовок Content-Length.", "The header Content-Length is required."
    ),
    "body_too_large": Kind(
        413, "Тело запроса слишком большое.", "The request's body is too large."
    ),
    "unsupported_media_type": Kind(
        415,
        "Тело запроса такого типа здесь не принимается.",
        "A body of this type is not accepted here.",
    ),
    "range_not_satisfiable": Kind(
        416, "В файле нет таких байтов.", "The file has no bytes in this range."
    ),
    "idempotency_key_reused": Kind(
        422,
        "Этот Idempotency-Key уже использован с другим запросом.",
        "This Idempotency-Key was used with another request.",
    ),
    "throttled": Kind(429, "Слишком много запросов.", "Too many requests."),
    "internal_error": Kind(
        500,
        "Внутренняя ошибка. Назовите администратору номер запроса.",
        "Internal error. Tell the administrator the request's id.",
    ),
}

FAULTS: Mapping[str, tuple[str, str]] = {
    "unknown_field": ("Такого поля здесь нет.", "There is no such field here."),
    "required": ("Поле обязательно.", "The field is required."),
    "empty": ("Файл пуст.", "The file is empty."),
    "not_an_object": ("Здесь должен быть объект JSON.", "This must be a JSON object."),
    "not_a_text": ("Здесь должна быть строка.", "This must be a string."),
    "not_a_list_of_texts": (
        "Здесь должен быть список строк.",
        "This must be a list of strings.",
    ),
    "not_a_flag": ("Здесь должно быть true или false.", "This must be true or false."),
    "not_an_id": ("Здесь должен быть идентификатор UUID.", "This must be a UUID."),
    "not_a_file": ("Здесь должен быть файл.", "This must be a file."),
    "more_than_one": ("Поле дано больше одного раза.", "The field is given more than once."),
    "text_too_long": ("Строка слишком длинная.", "The string is too long."),
    "invalid_text": (
        "В строке есть управляющие символы.",
        "The string has control characters in it.",
    ),
    "cannot_change": ("Это поле не меняется.", "This field does not change."),
    "unknown_filter": ("Такого фильтра нет.", "There is no such filter."),
    "unknown_value": ("Такого значения нет.", "There is no such value."),
    "not_a_moment": (
        "Здесь должны быть дата или время в ISO 8601; время — с часовым поясом.",
        "This must be a date or time in ISO 8601; a time needs its zone.",
    ),
    "not_a_day": (
        "Здесь должен быть день, например 2026-11-30.",
        "This must be a day such as 2026-11-30.",
    ),
    "before_from": (
        "Последний день не может быть раньше первого.",
        "The last day cannot be before the first.",
    ),
    "not_a_page_size": (
        "Размер страницы — целое число от 1 до 100.",
        "A page size is a whole number from 1 to 100.",
    ),
    "not_a_cursor": (
        "Курсор берётся только из ссылок next и previous.",
        "A cursor is taken from the links next and previous only.",
    ),
    "not_utf8": ("Тело не в UTF-8.", "The body is not UTF-8."),
    "not_json": ("Тело не является JSON.", "The body is not JSON."),
    "too_deep": ("Слишком большая вложенность JSON.", "The JSON is nested too deeply."),
    "duplicate_key": (
        "Ключ в объекте JSON повторяется.",
        "A key of a JSON object is given twice.",
    ),
    "not_a_number": (
        "Числа NaN и Infinity не принимаются.",
        "The numbers NaN and Infinity are not accepted.",
    ),
    "number_too_long": ("Число слишком длинное.", "The number is too long."),
    "lone_surrogate": (
        "В строке есть непарный суррогат.",
        "A string has a lone surrogate in it.",
    ),
    "not_multipart": (
        "Тело не является правильным multipart/form-data.",
        "The body is no sound multipart/form-data.",
    ),
}

FAILURES: Mapping[str, tuple[str, str]] = {
    "rejected": ("KIE отклонил этот запрос.", "KIE refused this request."),
    "provider_failed": ("У KIE не получилось сделать видео.", "KIE failed to make the video."),
    "moderation": ("Запрос остановила модерация KIE.", "KIE's moderation stopped the request."),
    "not_created": (
        "Задачи у KIE не оказалось: так решил человек.",
        "KIE has no task of it: a person decided so.",
    ),
    "written_off": ("Списано по решению человека.", "Written off by a person."),
    "provider_lost": ("KIE потерял задачу.", "KIE has lost the task."),
    "source_unavailable": (
        "Исходная картинка недоступна.",
        "The source picture is not available.",
    ),
}
