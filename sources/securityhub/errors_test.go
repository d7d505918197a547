package securityhub

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/securityhub"
	"github.com/aws/smithy-go"

	"github.com/go-shca/shca/internal/awsapi"
)

// Every sentence is said about its code and its operations, with what to do.
func TestSentences(t *testing.T) {
	known := reflect.TypeFor[*securityhub.Client]()
	for _, s := range Sentences() {
		operations := s.Operations
		if operations == nil {
			operations = []string{"GetEnabledStandards"}
		}
		for _, operation := range operations {
			if _, ok := known.MethodByName(operation); !ok {
				t.Errorf("%s: there is no operation %s", s.Code, operation)
			}
			err := fmt.Errorf("operation error: %w", &smithy.GenericAPIError{Code: s.Code, Message: "what AWS\nsays"})
			want := action(operation) + " in account 111122223333, Region us-east-1: " + s.Code + " (what AWS says): " + s.Advice
			got := explain(err, own, east, operation)
			if got.Error() != want {
				t.Errorf("%s of %s:\n%v\nwant\n%s", s.Code, operation, got, want)
			}
			if !errors.Is(got, err) {
				t.Errorf("%s: the cause is lost", s.Code)
			}
		}
	}
	denial := explain(&smithy.GenericAPIError{Code: "AccessDeniedException"}, own, east, "GetFindingsV2").Error()
	if want := "securityhub:GetFindings in account 111122223333, Region us-east-1: AccessDeniedException: missing permission securityhub:GetFindings: "; !strings.HasPrefix(denial, want) {
		t.Errorf("%s, want %s…", denial, want)
	}
	if err := explain(nil, own, east, "GetFindings"); err != nil {
		t.Errorf("no error is explained as %v", err)
	}
	if err := explain(fmt.Errorf("x: %w", context.Canceled), own, east, "GetFindings"); !errors.Is(err, context.Canceled) {
		t.Errorf("%v, want that of the context", err)
	}
	other := errors.New("something else")
	var explained *awsapi.Error
	if err := explain(other, own, east, "GetFindings"); !errors.As(err, &explained) || explained.Advice != "" || !errors.Is(err, other) {
		t.Errorf("%v, want no advice", err)
	}
}

// Actions has each operation that a run of every kind calls, and no other.
func TestActions(t *testing.T) {
	client := reflect.TypeFor[*securityhub.Client]()
	var names []string
	for _, a := range Actions() {
		operation, ok := strings.CutPrefix(a.Name, "securityhub:")
		if _, exists := client.MethodByName(operation); !ok || !exists {
			t.Errorf("%s is no action", a.Name)
		}
		if a.For == "" || slices.Contains(names, a.Name) {
			t.Errorf("%s says not what it is for, or twice", a.Name)
		}
		names = append(names, a.Name)
	}
	const other = "222233334444"
	e := newEstate(t)
	for _, account := range []string{own, other} {
		h := e.hub(account, east)
		h.Enabled = append(h.Enabled, subscription(nistARN))
		addCheck(h, nistARN, "S3.1", "DISABLED", "", "DISABLED")
		e.At(account, west)
	}
	e.Accounts[own].Aggregator = aggregatorOf("ALL_REGIONS")
	run(t, e.service(Options{Session: e.session(awsapi.Options{RoleARN: "arn:aws:iam::{account}:role/reader"}), Accounts: []string{own, other}, Regions: []string{east, west}}))
	called := map[string]bool{}
	for _, entry := range e.Log() {
		if entry.Service == "securityhub" {
			called[action(entry.Operation)] = true
		}
	}
	for _, name := range names {
		if !called[name] {
			t.Errorf("%s is listed and never called", name)
		}
		delete(called, name)
	}
	for name := range called {
		t.Errorf("%s is called and not listed", name)
	}
}
