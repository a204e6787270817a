package web

import (
	"cmp"
	"strconv"
	"time"

	"github.com/sealift/sealift/gitops/seal"
)

// sealView is the page of the form. Data is read by its script.
type sealView struct {
	frame
	Repo, PullURL, Login string
	Number               int
	Until                time.Time
	Data                 sealData
}

// sealData is a seal.Form for the script: certificates as PEM, and no null.
type sealData struct {
	CSRF         string       `json:"csrf"`
	Ask          askData      `json:"ask"`
	OwnPull      bool         `json:"ownPull"`
	Types        []typeData   `json:"types"`
	Scopes       []seal.Scope `json:"scopes"`
	Environments []placeData  `json:"environments"`
}

type typeData struct {
	Name string   `json:"name"`
	Keys []string `json:"keys"`
	Any  bool     `json:"any"` // one of Keys is enough
}

type askData struct {
	Environment string   `json:"environment"`
	Overlay     string   `json:"overlay"`
	App         string   `json:"app"`
	Name        string   `json:"name"`
	Keys        []string `json:"keys"`
}

type placeData struct {
	Name        string        `json:"name"`
	Refused     string        `json:"refused"`
	Certificate string        `json:"certificate"`
	Fingerprint string        `json:"fingerprint"`
	Expires     string        `json:"expires"`
	Warnings    []string      `json:"warnings"`
	Overlays    []overlayData `json:"overlays"`
}

type overlayData struct {
	Path      string         `json:"path"`
	App       string         `json:"app"`
	Namespace string         `json:"namespace"`
	Secrets   []existingData `json:"secrets"`
}

type existingData struct {
	File      string     `json:"file"`
	Name      string     `json:"name"`
	Namespace string     `json:"namespace"`
	Type      string     `json:"type"`
	Scope     seal.Scope `json:"scope"`
	Keys      []string   `json:"keys"`
	Shared    bool       `json:"shared"`
}

func (p *Pages) newSealView(v visit, f seal.Form, csrf string) sealView {
	number := strconv.Itoa(v.link.Number)
	view := sealView{
		frame: frame{Title: "Seal a secret"}, Repo: v.link.Repo.String(), Number: v.link.Number, Login: v.person.Login, Until: v.link.Expires.UTC(),
		PullURL: p.github.JoinPath(v.link.Repo.Owner, v.link.Repo.Name, "pull", number).String(),
		Data:    sealData{CSRF: csrf, Ask: askData(f.Ask), OwnPull: f.OwnPull, Scopes: seal.Scopes()},
	}
	for _, t := range seal.Types() {
		view.Data.Types = append(view.Data.Types, typeData{t.Name, t.Keys, t.Any})
	}
	for _, e := range f.Environments {
		view.Data.Environments = append(view.Data.Environments, newPlace(e))
	}
	return view
}

// newPlace leaves out everything that is for those only who may seal there.
func newPlace(e seal.FormEnvironment) placeData {
	d := placeData{Name: e.Name, Refused: e.Refused, Warnings: e.Warnings}
	if e.Refused != "" || e.Certificate == nil {
		return d
	}
	c := e.Certificate
	d.Certificate, d.Fingerprint, d.Expires = string(c.PEM()), c.Fingerprint, c.X509.NotAfter.UTC().Format("2 January 2006")
	for _, o := range e.Overlays {
		overlay := overlayData{Path: o.Path, App: o.App, Namespace: o.Namespace}
		for _, s := range o.Secrets {
			s.Type = cmp.Or(s.Type, seal.Types()[0].Name) // Kubernetes' default
			overlay.Secrets = append(overlay.Secrets, existingData(s))
		}
		d.Overlays = append(d.Overlays, overlay)
	}
	return d
}
