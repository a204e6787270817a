package pages

import (
	"bytes"
	"encoding/json"
	"net/http"
	"slices"
	"strconv"

	"github.com/sealift/sealift/gitops"
	"github.com/sealift/sealift/webhook/hub"
)

// maxDeliveries is how many deliveries the log shows.
const maxDeliveries = 200

// deliveries shows the newest deliveries.
func (p *pages) deliveries(w http.ResponseWriter, r *http.Request) {
	list := p.hub.Deliveries()
	slices.Reverse(list)
	total := len(list)
	body := struct {
		List  []hub.Delivery
		Total int
	}{list[:min(total, maxDeliveries)], total}
	p.show(w, r, http.StatusOK, "deliveries", layout{Title: "Deliveries", Repo: p.o.Repos[0], Nav: "deliveries", Live: true, Body: body})
}

// find returns the delivery of the path.
func (p *pages) find(r *http.Request) (hub.Delivery, error) {
	id, _ := strconv.ParseInt(r.PathValue("id"), 10, 64)
	list := p.hub.Deliveries()
	i := slices.IndexFunc(list, func(d hub.Delivery) bool { return d.ID == id })
	if i < 0 {
		return hub.Delivery{}, gitops.Errorf(gitops.NotFound, "delivery %s is not there", gitops.Quote(r.PathValue("id")))
	}
	return list[i], nil
}

// delivery shows one delivery with its payload.
func (p *pages) delivery(w http.ResponseWriter, r *http.Request) {
	d, err := p.find(r)
	if err != nil {
		p.failWith(w, r, err)
		return
	}
	var pretty bytes.Buffer
	if err := json.Indent(&pretty, d.Payload, "", "  "); err != nil {
		pretty.Write(d.Payload)
	}
	body := struct {
		hub.Delivery
		Pretty string
	}{d, pretty.String()}
	p.show(w, r, http.StatusOK, "delivery", layout{Title: "Delivery " + d.GUID, Repo: p.o.Repos[0], Nav: "deliveries", Body: body})
}

// redeliver sends a delivery again.
func (p *pages) redeliver(w http.ResponseWriter, r *http.Request) {
	d, err := p.find(r)
	if err != nil {
		p.failWith(w, r, err)
		return
	}
	p.hub.Redeliver(d.ID)
	http.Redirect(w, r, "/-/deliveries", http.StatusSeeOther)
}
