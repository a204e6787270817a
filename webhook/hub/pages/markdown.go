package pages

import (
	"bytes"
	"html/template"

	"github.com/microcosm-cc/bluemonday"
	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/extension"
	"github.com/yuin/goldmark/renderer/html"
)

// maxMarkdown is how much of a text is rendered; GitHub takes 65,536 characters.
const maxMarkdown = 4 * 65536

// markdown renders comments as GitHub does: GitHub Flavored Markdown with line ends
// kept (https://github.github.com/gfm/), then what it lets through of HTML.
type markdown struct {
	goldmark goldmark.Markdown
	policy   *bluemonday.Policy
}

func newMarkdown() *markdown {
	table := extension.NewTable(extension.WithTableCellAlignMethod(extension.TableCellAlignAttribute))
	return &markdown{
		goldmark: goldmark.New(
			goldmark.WithExtensions(table, extension.Strikethrough, extension.Linkify, extension.TaskList),
			goldmark.WithRendererOptions(html.WithHardWraps(), html.WithUnsafe()),
		),
		policy: sanitizer(),
	}
}

// HTML renders a text that nobody vouches for. The result is balanced and can stand
// anywhere in a page. repo is where "#12" points, "" for nowhere.
func (m *markdown) HTML(text, repo string) (template.HTML, error) {
	if len(text) > maxMarkdown {
		text = text[:maxMarkdown]
	}
	var raw bytes.Buffer
	if err := m.goldmark.Convert([]byte(text), &raw); err != nil {
		return "", err
	}
	out, err := decorate(m.policy.SanitizeBytes(raw.Bytes()), repo)
	return template.HTML(out), err // sanitised and written from a tree
}

// rendered is HTML of the pages' memory; what cannot be rendered is shown as it is.
func (p *pages) rendered(repo, text string) template.HTML {
	html, _ := remember(&p.memo, "markdown\x00"+repo+"\x00"+text, func() (template.HTML, error) {
		html, err := p.markdown.HTML(text, repo)
		if err != nil {
			html = template.HTML("<pre>" + template.HTMLEscapeString(text) + "</pre>")
		}
		return html, nil
	})
	return html
}
