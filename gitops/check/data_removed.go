package check

import (
	"github.com/sealift/sealift/gitops"
)

func dataRemoved() Rule {
	return Rule{
		Name:     "data-removed",
		Severity: gitops.SeverityWarning,
		Doc:      "A change removes an object with which data is deleted.",
		Long: `A deployer that prunes deletes what is not rendered any more, and with some objects goes
what they hold: the volume of a PersistentVolumeClaim, everything in a Namespace, every object
of a CustomResourceDefinition, the topics of a Kafka cluster, the database of an operator. A
revert brings the object back and not the data.

An object that moves to another overlay with the same change has no finding, and neither has
one that an annotation keeps: ` + "`Prune=false`" + ` or ` + "`Delete=false`" + ` in
` + "`argocd.argoproj.io/sync-options`" + `, ` + "`kustomize.toolkit.fluxcd.io/prune: disabled`" + ` or
` + "`helm.sh/resource-policy: keep`" + `. It is a warning, because to remove what is not needed any
more is what should be done, and because not every deployer prunes.`,
		Bad:  exampleChange(exampleClaim("10Gi"), ""),
		Good: exampleChange(exampleClaim("10Gi"), exampleClaim("20Gi")),
		run:  runDataRemoved,
	}
}

// runDataRemoved compares the objects that an overlay renders on both sides.
func runDataRemoved(p *pass) error {
	added := p.added()
	for o := range p.bothRendered {
		has := ids(o.Head)
		for _, old := range o.Base.Objects {
			i := newID(old.APIVersion, old.Kind, old.Namespace, old.Name)
			what := lostWith(i)
			if what == "" || has[i] || added[i] || Kept(old) {
				continue
			}
			p.report(gitops.Finding{
				File: o.Head.Path, Overlays: []string{o.Head.Path},
				Message: i.String() + " is removed, and with it " + what + " where its deployer prunes",
				Fix:     "make sure that nobody needs it, or keep it with an annotation of its deployer",
			})
		}
	}
	return nil
}

// ids are the objects of a render; nothing of one that failed or is not there.
func ids(r *gitops.Rendered) map[id]bool {
	has := map[id]bool{}
	if r == nil || r.Err != nil {
		return has
	}
	for _, o := range r.Objects {
		has[newID(o.APIVersion, o.Kind, o.Namespace, o.Name)] = true
	}
	return has
}

// added are the objects that some overlay renders and did not before: what moved there.
func (p *pass) added() map[id]bool {
	all := map[id]bool{}
	for _, o := range p.overlays {
		before := ids(o.Base)
		for i := range ids(o.Head) {
			all[i] = all[i] || !before[i]
		}
	}
	return all
}

// lostWith says what is deleted with an object, "" for nothing but itself.
func lostWith(i id) string {
	switch i.group + "/" + i.kind {
	case "/PersistentVolumeClaim", "/PersistentVolume":
		return "the data of its volume"
	case "/Namespace", "project.openshift.io/Project":
		return "everything in it"
	case "apiextensions.k8s.io/CustomResourceDefinition":
		return "every object of its kind"
	case "kafka.strimzi.io/KafkaTopic":
		return "the messages in it"
	case "kafka.strimzi.io/Kafka", "eventstreams.ibm.com/EventStreams":
		return "its topics"
	case "mq.ibm.com/QueueManager":
		return "the messages in its queues"
	case "postgresql.cnpg.io/Cluster", "acid.zalan.do/postgresql", "postgres-operator.crunchydata.com/PostgresCluster",
		"mongodbcommunity.mongodb.com/MongoDBCommunity", "mysql.oracle.com/InnoDBCluster", "rabbitmq.com/RabbitmqCluster",
		"elasticsearch.k8s.elastic.co/Elasticsearch", "k8ssandra.io/K8ssandraCluster":
		return "its data"
	}
	return ""
}

// Kept reports whether an annotation keeps an object from being deleted: those of Argo CD
// (sync-options), Flux (prune) and Helm (resource-policy).
func Kept(object gitops.Object) bool {
	o := decoded(object.YAML)
	return syncOption(o, "Prune=false") || syncOption(o, "Delete=false") ||
		annotation(o, "kustomize.toolkit.fluxcd.io/prune") == "disabled" || annotation(o, "helm.sh/resource-policy") == "keep"
}
