package ocsf

// dataSecurity fills a Data Security Finding. The class has no room for advice,
// which stays unmapped.
func (m *mapper) dataSecurity() {
	m.event.DataSecurity = &dataSecurity{
		DataLifecycleState: "Data at-Rest", DataLifecycleStateID: 1,
		DetectionSystem: "Data Discovery & Classification", DetectionSystemID: 4,
	}
}

// categories are the kinds of sensitive data that Macie tells apart.
var categories = map[string]captioned{
	"PERSONAL_INFORMATION": {1, "Personal"}, "PERSONAL": {1, "Personal"},
	"FINANCIAL_INFORMATION": {3, "Financial"}, "FINANCIAL": {3, "Financial"},
	"CREDENTIALS": {6, "Security"},
}

// classifications fills what sensitive data the resource holds, by category.
// The finding's own object stays unmapped besides, with the places where the
// data was found.
func (m *mapper) classifications(n *node, r *resource) {
	result := n.at("Result")
	add := func(category string, detections, total *node) {
		out := dataClassification{Category: category, CategoryID: other}
		if c, ok := categories[category]; ok {
			out.Category, out.CategoryID = c.caption, c.id
		}
		for _, d := range detections.list() {
			var detail discoveryDetail
			if count, ok := d.at("Count").integer(); ok {
				detail.Count = &count
			}
			if detail.Type = d.at("Type").text(); detail.Type == "" {
				detail.Type = d.at("Name").text() // of a custom identifier
			}
			if detail != (discoveryDetail{}) {
				out.DiscoveryDetails = append(out.DiscoveryDetails, detail)
			}
		}
		if count, ok := total.integer(); ok {
			out.Total = &count
		}
		switch result.at("Status", "Code").text() {
		case "COMPLETE":
			out.StatusID, out.Status = new(1), "Complete"
		case "PARTIAL":
			out.StatusID, out.Status = new(2), "Partial"
		case "ERROR":
			out.StatusID, out.Status = new(3), "Fail"
		}
		r.DataClassifications = append(r.DataClassifications, out)
		m.profile("data_classification")
	}
	for _, s := range result.at("SensitiveData").list() {
		if category := s.at("Category").text(); category != "" {
			add(category, s.at("Detections"), s.at("TotalCount"))
		}
	}
	if custom := result.at("CustomDataIdentifiers"); len(custom.at("Detections").list()) > 0 {
		add("CUSTOM_IDENTIFIER", custom.at("Detections"), custom.at("TotalCount"))
	}
}
