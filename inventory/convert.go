package inventory

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
)

// secretForms is how a secret is written.
const secretForms = `write { env = "NAME" }, { file = "PATH" }, { command = "…" }, { credential = "NAME" } or { age = "…" }`

// A converter turns a TOML value into what [Options] holds. text is what is
// wrong with the value, worded to stand behind the key's name; hint is what to
// write instead.
type converter func(o Option, v *value) (got any, text, hint string)

// converters has one entry for every OptionType.
var converters = map[OptionType]converter{
	TypeString: func(_ Option, v *value) (any, string, string) {
		if v.kind != kindString {
			return wrongType("a string", v)
		}
		return v.str, "", ""
	},
	TypeInt: func(_ Option, v *value) (any, string, string) {
		if v.kind != kindInt {
			return wrongType("an integer", v)
		}
		return v.num, "", ""
	},
	TypeBool: func(_ Option, v *value) (any, string, string) {
		if v.kind != kindBool {
			return wrongType("true or false", v)
		}
		return v.bool, "", ""
	},
	TypeDuration: convertDuration,
	TypeSize:     convertSize,
	TypePercent:  convertPercent,
	TypePort: func(_ Option, v *value) (any, string, string) {
		if v.kind != kindInt {
			return wrongType("an integer", v)
		}
		if v.num < 1 || v.num > 65535 {
			return nil, fmt.Sprintf("is %d, which is no port", v.num), "ports go from 1 to 65535"
		}
		return v.num, "", ""
	},
	TypePath: func(_ Option, v *value) (any, string, string) {
		if v.kind != kindString {
			return wrongType("a string", v)
		}
		if text, hint := checkPath(v.str); text != "" {
			return nil, text, hint
		}
		return v.str, "", ""
	},
	TypeURL: func(_ Option, v *value) (any, string, string) {
		if v.kind != kindString {
			return wrongType("a string", v)
		}
		if text, hint := checkURL(v.str); text != "" {
			return nil, text, hint
		}
		return v.str, "", ""
	},
	TypeEnum: func(o Option, v *value) (any, string, string) {
		if v.kind != kindString {
			return wrongType("a string", v)
		}
		if !slices.Contains(o.Values, v.str) {
			hint := didYouMean(v.str, o.Values)
			if hint == "" {
				hint = "it is one of " + words(o.Values)
			}
			return nil, fmt.Sprintf("cannot be %q", cut(v.str)), hint
		}
		return v.str, "", ""
	},
	TypeList: func(_ Option, v *value) (any, string, string) {
		if v.kind == kindString {
			return []string{v.str}, "", ""
		}
		if v.kind != kindList {
			return wrongType("a list of strings", v)
		}
		list := make([]string, 0, len(v.list))
		for _, x := range v.list {
			if x.kind != kindString {
				return wrongType("a list of strings, all of them", x)
			}
			list = append(list, x.str)
		}
		return list, "", ""
	},
	TypeHost: func(_ Option, v *value) (any, string, string) { // the builder looks the name up
		if v.kind != kindString {
			return wrongType("a string", v)
		}
		return v.str, "", ""
	},
	TypeSecret: convertSecret,
}

func wrongType(want string, v *value) (any, string, string) {
	text := fmt.Sprintf("must be %s, not %s", want, v.kind)
	switch {
	case v.kind == kindString && (want == "true or false" && (v.str == "true" || v.str == "false") ||
		want == "an integer" && isNumber(v.str)):
		return nil, text, "write " + v.str + " without quotes"
	case strings.HasPrefix(want, "a string") && v.kind == kindInt:
		return nil, text, fmt.Sprintf("write \"%d\"", v.num)
	}
	return nil, text, ""
}

func isNumber(s string) bool { _, err := strconv.ParseInt(s, 10, 64); return err == nil }

func convertDuration(_ Option, v *value) (any, string, string) {
	if v.kind == kindInt {
		return nil, "has no unit", fmt.Sprintf(`write "%ds", "%dm", "%dh" or "%dd"`, v.num, v.num, v.num, v.num)
	}
	if v.kind != kindString {
		return wrongType("a duration like \"5m\"", v)
	}
	d, err := ParseDuration(v.str)
	if err != nil {
		return nil, err.Error(), `write "90s", "5m", "2h", "1d" or "2w"`
	}
	return d, "", ""
}

func convertSize(_ Option, v *value) (any, string, string) {
	if v.kind == kindInt && v.num >= 0 {
		return v.num, "", ""
	}
	if v.kind != kindString {
		return wrongType("a size like \"10 GiB\"", v)
	}
	n, err := ParseSize(v.str)
	if err != nil {
		return nil, err.Error(), `write "500 MiB" or a number of bytes`
	}
	return n, "", ""
}

func convertPercent(_ Option, v *value) (any, string, string) {
	var f float64
	switch v.kind {
	case kindInt:
		f = float64(v.num)
	case kindFloat:
		f = v.float
	case kindString:
		n, err := strconv.ParseFloat(strings.TrimSpace(strings.TrimSuffix(v.str, "%")), 64)
		if err != nil || math.IsNaN(n) {
			return nil, fmt.Sprintf("is %q, which is no percentage", cut(v.str)), "write 85 or \"85%\""
		}
		f = n
	default:
		return wrongType("a percentage like 85", v)
	}
	if f < 0 || f > 100 {
		return nil, fmt.Sprintf("is %v, which is no percentage", f), "it goes from 0 to 100"
	}
	return f, "", ""
}

func convertSecret(_ Option, v *value) (any, string, string) {
	if v.kind == kindString {
		return nil, "holds the secret itself", "secrets do not stand in an inventory: " + secretForms
	}
	if v.kind != kindTable {
		return wrongType("the place of a secret", v)
	}
	var s Secret
	fields := map[string]*string{"env": &s.Env, "file": &s.File, "command": &s.Command, "credential": &s.Credential, "age": &s.Age}
	for _, e := range v.tab.entries {
		f := fields[e.key]
		if f == nil || e.val.kind != kindString || e.val.str == "" {
			return nil, fmt.Sprintf("has a place %q that cannot be used", cut(e.key)), secretForms
		}
		*f = e.val.str
	}
	if len(v.tab.index) != 1 {
		return nil, "names no place or several", "exactly one: " + secretForms
	}
	if s.Age != "" && !strings.HasPrefix(strings.TrimSpace(s.Age), ageHead) {
		return nil, "holds under age what is not encrypted by age", "printf %s SECRET | age -a -r RECIPIENT, within three single quotes"
	}
	return s, "", ""
}

// ageHead begins what age encrypts to text (its option -a).
const ageHead = "-----BEGIN AGE ENCRYPTED FILE-----"

// checkPath says what is wrong with a path on a machine.
func checkPath(s string) (text, hint string) {
	switch {
	case strings.ContainsAny(s, "\n\t"):
		return "holds a line break or a tab", ""
	case s == "" || s[0] != '/':
		return fmt.Sprintf("is %q, which is no absolute path", cut(s)), "begin it with /"
	case len(s) > 4096:
		return "is longer than 4096 characters", ""
	}
	return "", ""
}

// defaultOf returns the default of an option as its own type, nil where it has
// none.
func defaultOf(o Option) (got any, text string) {
	if o.Default == "" {
		return nil, ""
	}
	conv := converters[o.Type]
	if conv == nil {
		return nil, fmt.Sprintf("unknown type %q", o.Type)
	}
	plain := &value{kind: kindString, str: o.Default}
	var asTOML *value
	root, _ := readTree("", []byte("x = "+o.Default), func(Pos, string, string, ...any) { asTOML = plain })
	if e := root.index["x"]; e != nil && asTOML == nil && len(root.entries) == 1 {
		asTOML = e.val
	}
	if asTOML != nil {
		if got, text, _ = conv(o, asTOML); text == "" {
			return got, ""
		}
	}
	got, text, _ = conv(o, plain)
	return got, text
}
