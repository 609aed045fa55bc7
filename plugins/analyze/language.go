package main

import "unicode/utf8"

// language is what the letters of a text say of its language, and no more: texts of a few
// words are too short for a statistic that could be stood by. Where several languages share
// letters they are counted together and named as such.
type language uint8

const (
	inJapanese language = iota
	inKorean
	inChinese
	inRussian
	inCyrillic
	inUyghur
	inArabic
	inArabicLetters
	inTibetan
	inVietnamese
	inLatin
	inOther
	inSeveral
	inNone
	languages
)

// languageNames say which, and why.
var languageNames = [languages]struct{ name, why string }{
	inJapanese:      {"Japanese", "kana stands in them, in which no other language is written"},
	inKorean:        {"Korean", "Hangul stands in them, in which no other language is written"},
	inChinese:       {"Chinese", "Han characters and no kana; Japanese that is written without kana is counted here too"},
	inRussian:       {"Russian, or another language in its letters", "Cyrillic, with letters of the Russian alphabet alone; Bulgarian, for one, can be written in these"},
	inCyrillic:      {"in Cyrillic letters, not Russian", "letters that Russian does not have"},
	inUyghur:        {"Uyghur, or another language in its letters", "letters of the Arabic script that are usual in Uyghur and not in Arabic, Persian or Urdu; Kurdish and Kazakh have some of them"},
	inArabic:        {"Arabic, or another language in its letters", "letters of the Arabic alphabet alone; a short text in Persian or Urdu may have no others"},
	inArabicLetters: {"in Arabic letters, not Arabic", "letters that Arabic does not have, as in Persian and Urdu"},
	inTibetan:       {"Tibetan, or another language in its letters", "Tibetan script, in which Dzongkha is written too"},
	inVietnamese:    {"Vietnamese", "Latin letters with signs that are usual in Vietnamese alone"},
	inLatin:         {"in Latin letters, not told apart", "English, pinyin and many others are written in these"},
	inOther:         {"in other letters", "scripts that are not told apart here"},
	inSeveral:       {"in several scripts", "letters of several of the scripts above, beside Latin ones"},
	inNone:          {"no letters", "digits, signs, pictures"},
}

func (l language) String() string { return languageNames[l].name }

// languageOf judges by the letters, given their scripts. Latin letters beside those of another
// script, as in names and addresses, do not count.
func languageOf(text []byte, s script) language {
	switch {
	case s == 0:
		return inNone
	case s == latin:
		if anyRune(text, vietnamese) {
			return inVietnamese
		}
		return inLatin
	}
	switch s &^ latin {
	case kana, kana | han:
		return inJapanese
	case hangul, hangul | han:
		return inKorean
	case han:
		return inChinese
	case cyrillic:
		if anyRune(text, func(r rune) bool { return scriptOf(r) == cyrillic && !russian(r) }) {
			return inCyrillic
		}
		return inRussian
	case arabic:
		switch {
		case anyRune(text, uyghur):
			return inUyghur
		case anyRune(text, func(r rune) bool { return scriptOf(r) == arabic && !standardArabic(r) }):
			return inArabicLetters
		}
		return inArabic
	case tibetan:
		return inTibetan
	case otherLetters:
		return inOther
	}
	return inSeveral
}

func anyRune(text []byte, is func(rune) bool) bool {
	for len(text) > 0 {
		r, n := utf8.DecodeRune(text)
		if r >= utf8.RuneSelf && is(r) {
			return true
		}
		text = text[n:]
	}
	return false
}

// russian: А to я, Ё and ё.
func russian(r rune) bool { return r >= 0x410 && r <= 0x44f || r == 0x401 || r == 0x451 }

// standardArabic: the alphabet, its vowel signs and its forms for display.
func standardArabic(r rune) bool {
	return r >= 0x620 && r <= 0x65f || r == 0x670 || r == 0x671 || r >= 0xfe70 || r >= 0xfc00 && r <= 0xfdff
}

// uyghur: Ae, Oe, U, Yu, Ve, E and Ng, which Uyghur text is full of.
func uyghur(r rune) bool {
	switch r {
	case 0x6d5, 0x6c6, 0x6c7, 0x6c8, 0x6cb, 0x6d0, 0x6ad:
		return true
	}
	return false
}

// vietnamese: letters with two signs, and Ơ, Ư.
func vietnamese(r rune) bool {
	return r >= 0x1ea0 && r <= 0x1ef9 || r == 0x1a0 || r == 0x1a1 || r == 0x1af || r == 0x1b0
}
