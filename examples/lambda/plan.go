package main

import (
	"errors"
	"slices"
	"strings"

	"github.com/go-shca/shca"
)

// place is what one call collects: a snapshot.
type place struct {
	Name     string   `json:"name"`
	Service  string   `json:"service"`
	Accounts []string `json:"accounts,omitempty"`
	Regions  []string `json:"regions,omitempty"`
	Flags    []string `json:"flags,omitempty"`
}

func (p *place) file() string { return p.Name + ".ndjson.zst" }

// plan returns a place for each service, account and Region.
func (e *event) plan() ([]place, error) {
	if slices.Contains(e.Accounts, "all") || slices.Contains(e.Regions, "all") {
		return nil, errors.New("all cannot be split: name the accounts and Regions")
	}
	var all []place
	for _, whole := range e.wholes() {
		for _, account := range orOne(e.Accounts) {
			for _, region := range orOne(e.Regions) {
				p := place{Name: whole.Service, Service: whole.Service, Flags: whole.Flags}
				if account != "" {
					p.Name, p.Accounts = p.Name+"_"+account, []string{account}
				}
				if region != "" {
					p.Name, p.Regions = p.Name+"_"+region, []string{region}
				}
				all = append(all, p)
			}
		}
	}
	return all, nil
}

// wholes returns a place for each service, with all accounts and Regions.
func (e *event) wholes() []place {
	var all []place
	for service, flags := range e.Services {
		all = append(all, place{Name: service, Service: service, Accounts: e.Accounts, Regions: e.Regions, Flags: flags})
	}
	if len(all) == 0 {
		all = []place{{Name: "securityhub", Service: "securityhub", Accounts: e.Accounts, Regions: e.Regions}}
	}
	slices.SortFunc(all, func(a, b place) int { return strings.Compare(a.Name, b.Name) })
	return all
}

func orOne(list []string) []string {
	if len(list) == 0 {
		return []string{""}
	}
	return list
}

func placeNames(places []place) (list []string) {
	for i := range places {
		list = append(list, places[i].Name)
	}
	return list
}

// notRead is the scope of a place without a snapshot.
func (p *place) notRead() *shca.Scope {
	s := &shca.Scope{Source: p.Service, Err: "nothing was collected (" + p.Name + "): the log of the function says why"}
	if p.Service == "securityhub" {
		s.Source = shca.SourceASFF
	}
	if len(p.Accounts) == 1 && shca.IsAccountID(p.Accounts[0]) {
		s.AccountID = p.Accounts[0]
	}
	if len(p.Regions) == 1 && p.Regions[0] != "all" {
		s.Region = p.Regions[0]
	}
	return s
}
