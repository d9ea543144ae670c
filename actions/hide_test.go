package actions

import "testing"

func TestHide(t *testing.T) {
	hide := Hide(map[string]string{"A": "hunter2", "B": "hunter2-long", "C": "abc", "KEY": "-----BEGIN\nAAAABBBB\n-----END\n"})
	for text, want := range map[string]string{
		"no secret":               "no secret",
		"it is hunter2.":          "it is (secret).",
		"it is hunter2-long":      "it is (secret)",
		"abcabc":                  "abcabc",
		"line AAAABBBB of a key":  "line (secret) of a key",
		"-----BEGIN\nAAAABBBB\nx": "(secret)\n(secret)\nx",
	} {
		if got := hide(text); got != want {
			t.Errorf("%q is %q, want %q", text, got, want)
		}
	}
	if got := Hide(nil)("hunter2"); got != "hunter2" {
		t.Errorf("nothing is hidden, and it is %q", got)
	}
	if got := (Output{Stdout: []byte("x hunter2"), Stderr: []byte("hunter2 y"), Exit: 3}).HideIn(hide); string(got.Stdout) != "x (secret)" || string(got.Stderr) != "(secret) y" || got.Exit != 3 {
		t.Errorf("%+v", got)
	}
}
