package tui

import tea "github.com/charmbracelet/bubbletea"

// zoom is part of a screen of several panes: one of them may take all of it.
type zoom struct{ zoomed bool }

func (z *zoom) zoomBinding() binding {
	return binding{act: "zoom", do: func() tea.Cmd { z.zoomed = !z.zoomed; return nil }}
}

// unzoom gives the panes back, and reports whether one had it all.
func (z *zoom) unzoom() bool {
	was := z.zoomed
	z.zoomed = false
	return was
}

// zoomer is a screen of which one pane can take it all.
type zoomer interface{ unzoom() bool }
