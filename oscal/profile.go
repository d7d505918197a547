package oscal

import (
	"cmp"
	"context"
	"io"

	o "github.com/defenseunicorns/go-oscal/src/types/oscal-1-2-2"
)

// writeProfile writes the baseline as a selection from the catalog.
func (b *bundle) writeProfile(ctx context.Context, w io.Writer) error {
	name := cmp.Or(b.assessment.Baseline, "baseline")
	im := o.Import{Href: catalogFile}
	var ids []string
	for _, c := range b.baseline() {
		ids = append(ids, controlID(c.ID))
	}
	if len(ids) > 0 {
		im.IncludeControls = &[]o.SelectControlById{{WithIds: &ids}}
	} else {
		im.IncludeAll = &o.IncludeAll{}
	}
	profile := o.Profile{
		UUID: newUUID("profile", b.system, b.framework.Name, name),
		Metadata: b.metadata(title(cmp.Or(b.assessment.BaselineName, name), "Baseline")+" of "+title(b.framework.Title, "the catalog"),
			cmp.Or(b.framework.Catalog.Version, "unknown"), prop("baseline", name)),
		Imports: []o.Import{im},
		Merge:   &o.Merge{AsIs: true},
	}
	return newStream(ctx, w).whole("profile", profile)
}
