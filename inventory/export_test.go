package inventory

// SchemaJudge is for tests that use the real catalogue, which this package
// cannot know.
var SchemaJudge = schemaJudge
