package main

import (
	"errors"
	"fmt"
	"io/fs"

	"github.com/exhibit-forensics/exhibit/plugins/redact/detect/detecttest"
)

// published are Presidio's recalls on the same texts, from its own notebook.
var published = map[string]string{
	"CREDIT_CARD": ".772", "PHONE_NUMBER": ".25", "IP_ADDRESS": ".93", "US_SSN": "1.0", "IBAN_CODE": "1.0", "EMAIL_ADDRESS": "1.0", "DOMAIN_NAME": "1.0", "PERSON": ".653",
}

// outside scores the samples of shared/data, those that are here.
func outside(data string, missed bool) error {
	cells, err := detecttest.Synth(data + "/presidio-research/synth_dataset_v2.json")
	switch {
	case errors.Is(err, fs.ErrNotExist):
		fmt.Println("presidio-research: NOT SCORED, it is not here")
	case err != nil:
		return err
	default:
		fmt.Println("presidio-research synth_dataset_v2: spans, whole span found, overlapped, precision, Presidio's published recall")
		for _, c := range cells {
			fmt.Printf("  %-16s %4d  %.3f  %.3f  %.3f  %s\n", c.Entity, c.All, c.Recall(), c.Overlap(), c.Precision(), published[c.Entity])
			print(missed, c.Missed, c.False)
		}
	}
	truth, err := detecttest.Truth(data + "/tom-open-directory/truth/records.jsonl")
	switch {
	case errors.Is(err, fs.ErrNotExist):
		fmt.Println("tom-open-directory: NOT SCORED, it is not here")
		return nil
	case err != nil:
		return err
	}
	fmt.Println("tom-open-directory, values planted in messages: by the record as it stands; each value in every spelling")
	for _, c := range truth {
		fmt.Printf("  %-16s %-14s %5d  %.4f\n", c.Entity, c.Form, c.All, c.Recall())
		print(missed, c.Missed, nil)
	}
	return nil
}

func print(missed bool, texts, wrong []string) {
	if !missed {
		return
	}
	for _, t := range texts {
		fmt.Printf("      missed %q\n", t)
	}
	for _, t := range wrong {
		fmt.Printf("      false  %q\n", t)
	}
}
