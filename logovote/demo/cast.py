"""Who takes part, and what they call things: pseudonyms, titles, file names."""

from __future__ import annotations

from random import Random

DESIGNERS = (
    "Kaya Demir",
    "paperbark",
    "Студия Вереск",
    "山本澄デザイン",
    "Ngozi draws",
    "Élodie M.",
    "studio halvmåne",
    "Tomasz_W",
    "Nguyễn Hà",
    "XimenaLuz",
    "greyheron",
    "Lerato & Sons",
    "pixel_marmot",
    "Sólveig",
    "inkbureau",
    "Rangi Design",
    "Oona V.",
    "보라 studio",
    "Mateus.P",
    "Zsófia K",
    "نور استوديو",
    "Adaeze",
    "two left hands",
    "Ευγενία",
    "kolibri*",
    "Hamid R.",
    "vectorella",
    "Bram v.d. Berg",
    "墨点",
    "Priya_S",
    "LogoFast24",
    "Tāne",
    "मीरा",
    "noon & co",
)

TAGLINES = (
    "small pieces, well joined",
    "made in the open",
    "calm by default",
    "do it once, do it well",
    "quietly dependable",
    "open source, open door",
)

_LAZY = (
    "logo v{n}",
    "{name} logo",
    "final",
    "final_FINAL",
    "Untitled-{n}",
    "{name} opt {n}",
    "Artboard {n}",
    "New colours as requested",
    "rev {n}",
    "concept {n}",
)

_NAUGHTY = ("=T+1 (final)", "<{name}/>", "50% bigger mark, as asked :)", "логотип {n}")


def title(rng: Random, concept: str, change: str, name: str) -> str:
    """Return what a designer writes above an upload: careful, lazy or odd."""
    mood = rng.random()
    if mood < 0.05:
        return rng.choice(_NAUGHTY).format(n=rng.randint(2, 5), name=name)
    if mood < 0.3:
        return rng.choice(_LAZY).format(n=rng.randint(1, 6), name=name)
    plain = concept[0].upper() + concept[1:]
    return f"{plain}, {change}" if change else plain


def file_name(rng: Random, entry: int, designer: str, title: str, suffix: str) -> str:
    """Return a path as messy as downloads are; `suffix` has its dot, or is empty."""
    tidy = _safe(designer)
    slug = tidy.lower().replace(" ", "-").strip(".-")
    named = _safe(title)
    style = rng.choices(
        (
            f"#{entry}",
            f"{entry}",
            f"{entry:03d}-{slug}",
            f"entry-{entry}",
            f"Entry {entry} - {tidy} - {named}",
            f"{entry}_{rng.randint(1_000_000, 2_400_000)}_entry",
            f"{entry} (1)",
            f"Design {entry} by {tidy}",
            f"{tidy}/{entry} {named}",
            f"{tidy}/{named}",
            f"late entries/{entry}_{slug}",
            f"{named} by {tidy}",
        ),
        (10, 8, 10, 8, 16, 10, 3, 6, 8, 5, 4, 8),
    )[0]
    if rng.random() < 0.06:
        return f"attachment_{rng.randint(12_100_000, 12_990_000)}"
    if rng.random() < 0.08:
        suffix = suffix.upper()
    return style + suffix


def _safe(text: str) -> str:
    """Return text without what some file system refuses."""
    kept = "".join("_" if c in '<>:"/\\|?*%' else c for c in text)
    return kept.strip(" .") or "logo"
