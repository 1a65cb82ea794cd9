//! How parameters of a query are described in the `OpenAPI` document.

use apistos::paths::{Parameter, ParameterDefinition, ParameterIn};
use chat_domain::users::SearchTerm;
use chat_domain::{PageLimit, PageNumber};
use schemars::schema::{InstanceType, NumberValidation, Schema, SchemaObject, StringValidation};

pub(super) fn parameter(name: &str, description: &str, schema: SchemaObject) -> Parameter {
    Parameter {
        name: name.to_owned(),
        _in: ParameterIn::Query,
        description: Some(description.to_owned()),
        required: Some(false),
        definition: Some(ParameterDefinition::Schema(Box::new(Schema::from(schema).into()))),
        ..Parameter::default()
    }
}

pub(super) fn search_parameters(term: &str) -> Vec<Parameter> {
    let schema = SchemaObject {
        string: Some(Box::new(StringValidation {
            min_length: Some(1),
            max_length: u32::try_from(SearchTerm::MAX_CHARS).ok(),
            pattern: None,
        })),
        ..text()
    };
    let mut parameters = vec![Parameter { required: Some(true), ..parameter("q", term, schema) }];
    parameters.extend(page_parameters(PageLimit::DEFAULT));
    parameters
}

pub(super) fn page_parameters(default: PageLimit) -> Vec<Parameter> {
    let number = number(PageNumber::MAX, PageNumber::FIRST.get());
    vec![parameter("page", "The number of the page.", number), limit_parameter(default)]
}

/// By page number, or by cursor.
pub(super) fn list_parameters(default: PageLimit) -> Vec<Parameter> {
    let mut parameters = page_parameters(default);
    parameters.push(parameter(
        "cursor",
        "Empty for the beginning of the list, then the `nextCursor` (or `prevCursor`) of the answer before. Excludes `page`.",
        text(),
    ));
    parameters
}

pub(super) fn limit_parameter(default: PageLimit) -> Parameter {
    parameter("limit", "How many items at most.", number(PageLimit::MAX, default.get()))
}

/// Any text.
pub(super) fn text() -> SchemaObject {
    SchemaObject { instance_type: Some(InstanceType::String.into()), ..SchemaObject::default() }
}

fn number(most: u32, default: u32) -> SchemaObject {
    let mut schema = SchemaObject {
        instance_type: Some(InstanceType::Integer.into()),
        number: Some(Box::new(NumberValidation {
            minimum: Some(1.0),
            maximum: Some(most.into()),
            ..NumberValidation::default()
        })),
        ..SchemaObject::default()
    };
    schema.metadata().default = Some(default.into());
    schema
}
