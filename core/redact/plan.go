package redact

import (
	"context"
	"strings"

	"github.com/exhibit-forensics/exhibit/evidence/store"
)

// RecordPlan writes into the log that a redaction was planned: policy, plugin, and what
// would be done, in numbers.
func (r *Redactor) RecordPlan(ctx context.Context) (seq int64, err error) {
	c := r.survey
	counts := map[string]int64{
		"records": c.Records, "redacted": c.Redacted, "out_of_scope": c.OutOfScope, "withheld": c.Withheld, "pending": c.Pending,
	}
	for _, s := range c.Spans {
		counts["spans"] += s.N
	}
	b := store.Batch{
		Kind: kindRedact, Plain: map[string]any{"phase": "result", "counts": counts, "plugins": []any{r.run.Plugin}},
		Secret: map[string]any{fieldPolicy: r.p.Name, fieldDigest: r.p.SHA256().String()},
	}
	if to := strings.TrimSpace(r.o.Recipient); to != "" && to != NoRecipient {
		b.Secret[fieldRecipient] = to
	}
	return r.c.Append(ctx, b)
}

// NoRecipient stands for a recipient where pseudonyms are not shown: plans and reviews.
const NoRecipient = "-"
