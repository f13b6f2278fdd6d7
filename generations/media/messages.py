"""Why a picture was refused, and the sentence that tells a person what to do about it.

A refusal carries a stable code for programs, the numbers it was judged by, and one sentence in
Russian and in English.
"""

from collections.abc import Mapping

_SENTENCES: Mapping[str, Mapping[str, str]] = {
    "too_large": {
        "ru": "Файл слишком большой: {bytes} байт, а допустимо не больше {max_bytes} (10 МБ). "
        "Сохраните картинку с меньшим качеством или размером.",
        "en": "The file is too large: {bytes} bytes, at most {max_bytes} (10 MB) are allowed. "
        "Save the picture with a lower quality or size.",
    },
    "wrong_type": {
        "ru": "Файл не является картинкой JPEG, PNG или WebP. "
        "Откройте его в графическом редакторе и сохраните как JPEG или PNG.",
        "en": "The file is not a JPEG, PNG or WebP picture. "
        "Open it in an image editor and save it as JPEG or PNG.",
    },
    "unreadable": {
        "ru": "Картинку не удалось прочитать до конца: файл обрезан или повреждён. "
        "Загрузите его заново или сохраните ещё раз.",
        "en": "The picture could not be read to its end: the file is cut short or damaged. "
        "Upload it again or save it once more.",
    },
    "animated": {
        "ru": "Картинка анимированная. Сохраните один её кадр как JPEG или PNG.",
        "en": "The picture is animated. Save one frame of it as JPEG or PNG.",
    },
    "too_many_pixels": {
        "ru": "В картинке слишком много точек: допустимо не больше {max_pixels} "
        "(25 мегапикселей). Уменьшите её.",
        "en": "The picture has too many pixels: at most {max_pixels} (25 megapixels) are allowed. "
        "Scale it down.",
    },
    "too_small": {
        "ru": "Картинка слишком маленькая: {width}×{height}, "
        "а каждая сторона должна быть не меньше {min_side} точек. Возьмите картинку побольше.",
        "en": "The picture is too small: {width}×{height}, "
        "each side must have at least {min_side} pixels. Use a larger picture.",
    },
    "wrong_ratio": {
        "ru": "Картинка слишком вытянутая: {width}×{height}, "
        "а отношение ширины к высоте должно быть от 1:2.5 до 2.5:1. Обрежьте её.",
        "en": "The picture is too long and narrow: {width}×{height}, "
        "width to height must be between 1:2.5 and 2.5:1. Crop it.",
    },
}

REFUSAL_CODES = frozenset(_SENTENCES)


class ImageRefused(Exception):
    """The picture breaks a rule and will break it again: only another file helps.

    `code` is one of REFUSAL_CODES; `params` holds the numbers the sentence quotes.
    """

    def __init__(self, code: str, **params: int) -> None:
        super().__init__(code, params)
        self.code = code
        self.params: Mapping[str, int] = params

    def message(self, language: str = "ru") -> str:
        """Give the sentence in Russian or English; any other language gets the Russian one."""
        sentences = _SENTENCES[self.code]
        return sentences.get(language[:2].lower(), sentences["ru"]).format_map(self.params)
