package reply

import (
	"fmt"
	"strings"
)

// section is a part of a report that stays together as far as the limit allows.
type section struct {
	// open and close go around the pieces; reopen takes the place of open where
	// the section goes on in another part, if it is not empty.
	open, reopen, close string
	pieces              []piece
}

// piece is what is never split.
type piece struct {
	text string
	// cut returns a shorter form of at most limit bytes, "" when there is none;
	// it is nil when the piece is always short.
	cut func(limit int) string
	// overlays are the indexes of those that it is about.
	overlays []int
}

// list returns the section, or nothing when it has no pieces.
func (s section) list() []section {
	if len(s.pieces) == 0 {
		return nil
	}
	return []section{s}
}

// overhead is what each part may need beside its pieces: the marker and the line
// that numbers it.
const overhead = 120

// pack writes sections into parts. What does not fit in the allowed number is
// named by more, within the given room.
func pack(sections []section, opts Options, more func(left []piece, room int) string) []string {
	limit := opts.MaxBytes - overhead - len(opts.Marker)
	p := packer{limit: limit, last: limit, max: opts.MaxComments}
	if p.pack(sections); len(p.left) > 0 {
		room := limit / 4
		p = packer{limit: limit, last: limit - room, max: opts.MaxComments}
		p.pack(sections)
		p.parts[len(p.parts)-1] += more(p.left, room)
	}
	return number(p.parts, opts.Marker)
}

// fits reports whether nothing is left out of the allowed number of parts.
func fits(sections []section, opts Options) bool {
	limit := opts.MaxBytes - overhead - len(opts.Marker)
	p := packer{limit: limit, last: limit, max: opts.MaxComments}
	p.pack(sections)
	return len(p.left) == 0
}

// packer fills parts of at most limit bytes, the last one that is allowed of at
// most last bytes, and collects what is left.
type packer struct {
	limit, last, max int
	parts            []string
	left             []piece
	b                strings.Builder
}

// pack writes all sections.
func (p *packer) pack(sections []section) {
	for _, s := range sections {
		p.section(s)
	}
	if p.b.Len() > 0 || len(p.parts) == 0 {
		p.parts = append(p.parts, p.b.String())
	}
}

// section writes one section, over several parts when it must.
func (p *packer) section(s section) {
	open, opened := s.open, false
	for _, piece := range s.pieces {
		text, lead := piece.text, open
		if opened {
			lead = ""
		}
		if len(lead)+len(text)+len(s.close) > p.room() {
			if p.next(opened, s.close) {
				lead, opened = open, false
			}
			text = fit(piece, p.room()-len(lead)-len(s.close))
		}
		if text == "" || len(p.left) > 0 {
			p.left = append(p.left, piece)
			continue
		}
		p.b.WriteString(lead + text)
		opened = true
		if s.reopen != "" {
			open = s.reopen
		}
	}
	if opened {
		p.b.WriteString(s.close)
	}
}

// fit returns the text of a piece in at most room bytes, "" when it cannot.
func fit(p piece, room int) string {
	switch {
	case len(p.text) <= room:
		return p.text
	case p.cut == nil:
		return ""
	}
	return p.cut(room)
}

// room is how many bytes the part that is being written has left.
func (p *packer) room() int {
	if len(p.parts) == p.max-1 {
		return p.last - p.b.Len()
	}
	return p.limit - p.b.Len()
}

// next ends the part that is being written, closing what is open in it, and
// starts another. It reports whether one is allowed and of any use.
func (p *packer) next(opened bool, closing string) bool {
	if p.b.Len() == 0 || len(p.parts) == p.max-1 {
		return false
	}
	if opened {
		p.b.WriteString(closing)
	}
	p.parts = append(p.parts, p.b.String())
	p.b.Reset()
	return true
}

// number adds to each part its marker and, when there are several, its number.
func number(parts []string, marker string) []string {
	out := make([]string, len(parts))
	for i, text := range parts {
		head := ""
		if marker != "" {
			head = fmt.Sprintf("<!-- %s %d/%d -->\n", marker, i+1, len(parts))
		}
		if len(parts) > 1 {
			text = strings.TrimRight(text, "\n") + fmt.Sprintf("\n\nPart %d of %d\n", i+1, len(parts))
		}
		out[i] = head + strings.TrimRight(text, "\n") + "\n"
	}
	return out
}

// more names what was left out, in at most room bytes.
func (w writer) more(left []piece, room int) string {
	seen := map[int]bool{}
	var overlays []int
	for _, p := range left {
		for _, i := range p.overlays {
			if !seen[i] {
				seen[i] = true
				overlays = append(overlays, i)
			}
		}
	}
	end := ". " + w.whole() + "\n"
	text := "Left out: " + count(len(left), "change")
	if len(overlays) > 0 {
		text += " about " + count(len(overlays), "overlay") + ": "
	}
	for n, i := range overlays {
		o := w.r.Overlays[i]
		name := code(o.Path) + " (" + overlayNews(o) + ")"
		rest := fmt.Sprintf(" and %d more", len(overlays)-n)
		if len(text)+len(name)+len(rest)+len(end)+2 > room {
			text += rest
			break
		}
		if n > 0 {
			text += ", "
		}
		text += name
	}
	return text + end
}
