//! The descriptions of query parameters in the `OpenAPI` document.

use apistos::paths::{Parameter, ParameterDefinition, ParameterIn};
use chat_domain::users::SearchTerm;
use chat_domain::{PageLimit, PageNumber};
use chat_protocol::schemas::patterns;
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
            pattern: Some(patterns::SEARCH.to_owned()),
        })),
        ..text(patterns::SEARCH)
    };
    let mut parameters = vec![Parameter { required: Some(true), ..parameter("q", term, schema) }];
    parameters.extend(page_parameters(PageLimit::DEFAULT));
    parameters
}

pub(super) fn page_parameters(default: PageLimit) -> Vec<Parameter> {
    // The schema has no default, because generated clients would send it beside a cursor.
    let number = number(PageNumber::MAX);
    vec![parameter("page", "The page number, from 1. The first page if omitted.", number), limit_parameter(default)]
}

/// The parameters of a list that is read by page number or by cursor.
pub(super) fn list_parameters(default: PageLimit) -> Vec<Parameter> {
    let mut parameters = page_parameters(default);
    parameters.push(parameter(
        "cursor",
        "Empty for the start of the list, then the `nextCursor` or `prevCursor` of the previous answer. Cannot be \
         combined with `page`.",
        text(patterns::LIST_CURSOR),
    ));
    parameters
}

/// The parameters of a list that is read by cursor only.
pub(super) fn cursor_parameters(default: PageLimit) -> Vec<Parameter> {
    let cursor = parameter(
        "cursor",
        "Empty for the start of the list, then the `nextCursor` or `prevCursor` of the previous answer.",
        text(patterns::LIST_CURSOR),
    );
    vec![cursor, limit_parameter(default)]
}

pub(super) fn limit_parameter(default: PageLimit) -> Parameter {
    let mut limit = number(PageLimit::MAX);
    limit.metadata().default = Some(default.get().into());
    parameter("limit", "The maximum number of items in the answer.", limit)
}

/// The schema of `true` and `false`.
pub(super) fn boolean() -> SchemaObject {
    SchemaObject { instance_type: Some(InstanceType::Boolean.into()), ..SchemaObject::default() }
}

/// The schema of a string with this pattern.
pub(super) fn text(pattern: &str) -> SchemaObject {
    SchemaObject {
        instance_type: Some(InstanceType::String.into()),
        string: Some(Box::new(StringValidation { pattern: Some(pattern.to_owned()), ..StringValidation::default() })),
        ..SchemaObject::default()
    }
}

fn number(most: u32) -> SchemaObject {
    SchemaObject {
        instance_type: Some(InstanceType::Integer.into()),
        number: Some(Box::new(NumberValidation {
            minimum: Some(1.0),
            maximum: Some(most.into()),
            ..NumberValidation::default()
        })),
        ..SchemaObject::default()
    }
}
