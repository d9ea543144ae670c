package kind

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"jurymast/actions"
)

// partJSON reads the JSON of one part of a look, "exit CODE" as its last line,
// whatever the tool says ahead of it. What it complained of is the error.
func partJSON(part string, into any) error {
	text, code, ok := strings.Cut(strings.TrimRight(part, "\n"), "\nexit ")
	text = strings.TrimSpace(text)
	if !ok || code != "0" {
		if line := text[strings.LastIndex(text, "\n")+1:]; line != "" {
			return errors.New(actions.Line(line))
		}
		return errors.New("it ended without a word (exit code " + orDefault(code, "not known") + ")")
	}
	// What a client warns of stands on lines of its own ahead of the answer.
	answer := text
	for answer != "" && answer[0] != '{' && answer[0] != '[' {
		_, answer, _ = strings.Cut(answer, "\n")
	}
	if answer == "" {
		return errors.New("it answers what is no JSON: " + orDefault(actions.Line(text), "nothing"))
	}
	if err := json.NewDecoder(strings.NewReader(answer)).Decode(into); err != nil {
		return fmt.Errorf("it answers half, or what is no JSON: %w", err)
	}
	return nil
}
