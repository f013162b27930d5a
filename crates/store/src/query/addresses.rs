// SPDX-License-Identifier: Apache-2.0
//! Addresses and texts in plain SQL: `src_ip = '192.0.2.1'`, `src_ip IN ('…')`, `src_ip LIKE '192.0.2.%'`.
//! A text beside an address becomes an address where it is compared as a whole, so that it prunes; for
//! patterns the address becomes a text. Comparisons are planned so by [`ExprPlanner`], before their types
//! are checked; the rest by [`AnalyzerRule`], before types are made equal.

use arrow::datatypes::DataType;
use datafusion::common::config::ConfigOptions;
use datafusion::common::tree_node::{Transformed, TreeNode};
use datafusion::common::{DFSchema, ExprSchema};
use datafusion::error::{DataFusionError, Result};
use datafusion::logical_expr::expr::{Between, InList, Like};
use datafusion::logical_expr::expr_rewriter::NamePreserver;
use datafusion::logical_expr::planner::{ExprPlanner, PlannerResult, RawBinaryExpr};
use datafusion::logical_expr::utils::merge_schema;
use datafusion::logical_expr::{BinaryExpr, Expr, ExprSchemable, LogicalPlan, Operator};
use datafusion::optimizer::AnalyzerRule;
use datafusion::sql::sqlparser::ast::BinaryOperator;
use minamo_base::{Ip, Mac};

use super::functions::{IP, MAC, ip_literal, mac_literal, text_of};

/// The rule.
#[derive(Debug)]
pub(crate) struct AddressText;

impl ExprPlanner for AddressText {
    fn plan_binary_op(&self, raw: RawBinaryExpr, schema: &DFSchema) -> Result<PlannerResult<RawBinaryExpr>> {
        let op = match raw.op {
            BinaryOperator::Eq => Operator::Eq,
            BinaryOperator::NotEq => Operator::NotEq,
            BinaryOperator::Lt => Operator::Lt,
            BinaryOperator::LtEq => Operator::LtEq,
            BinaryOperator::Gt => Operator::Gt,
            BinaryOperator::GtEq => Operator::GtEq,
            BinaryOperator::PGRegexMatch => Operator::RegexMatch,
            BinaryOperator::PGRegexIMatch => Operator::RegexIMatch,
            BinaryOperator::PGRegexNotMatch => Operator::RegexNotMatch,
            BinaryOperator::PGRegexNotIMatch => Operator::RegexNotIMatch,
            _ => return Ok(PlannerResult::Original(raw)),
        };
        let RawBinaryExpr { op: raw_op, left, right } = raw;
        let expr = BinaryExpr::new(Box::new(left), op, Box::new(right));
        Ok(match binary(expr, schema)? {
            Ok(planned) => PlannerResult::Planned(Expr::BinaryExpr(planned)),
            Err(BinaryExpr { left, right, .. }) => {
                PlannerResult::Original(RawBinaryExpr { op: raw_op, left: *left, right: *right })
            }
        })
    }
}

impl AnalyzerRule for AddressText {
    fn name(&self) -> &str {
        "address_text"
    }

    fn analyze(&self, plan: LogicalPlan, _: &ConfigOptions) -> Result<LogicalPlan> {
        plan.transform_up_with_subqueries(rewrite_plan).map(|out| out.data)
    }
}

fn rewrite_plan(plan: LogicalPlan) -> Result<Transformed<LogicalPlan>> {
    let mut schema = merge_schema(&plan.inputs());
    if let LogicalPlan::TableScan(scan) = &plan {
        schema.merge(&DFSchema::try_from_qualified_schema(scan.table_name.clone(), &scan.source.schema())?);
    }
    let names = NamePreserver::new(&plan);
    plan.map_expressions(|expr| {
        let name = names.save(&expr);
        expr.transform_up(|expr| rewrite(expr, &schema)).map(|out| out.update_data(|expr| name.restore(expr)))
    })
}

fn rewrite(expr: Expr, schema: &DFSchema) -> Result<Transformed<Expr>> {
    match expr {
        Expr::BinaryExpr(inner) => Ok(match binary(inner, schema)? {
            Ok(new) => Transformed::yes(Expr::BinaryExpr(new)),
            Err(same) => Transformed::no(Expr::BinaryExpr(same)),
        }),
        Expr::Like(like) if kind(&like.expr, schema).is_some() => {
            Ok(Transformed::yes(Expr::Like(Like { expr: Box::new(text_of(*like.expr)), ..like })))
        }
        Expr::SimilarTo(like) if kind(&like.expr, schema).is_some() => {
            Ok(Transformed::yes(Expr::SimilarTo(Like { expr: Box::new(text_of(*like.expr)), ..like })))
        }
        Expr::InList(InList { expr, list, negated }) => {
            let Some(kind) = kind(&expr, schema) else {
                return Ok(Transformed::no(Expr::InList(InList { expr, list, negated })));
            };
            let list = list.into_iter().map(|item| Ok(literal(&item, kind)?.unwrap_or(item)));
            let list = list.collect::<Result<Vec<_>>>()?;
            Ok(Transformed::yes(Expr::InList(InList { expr, list, negated })))
        }
        Expr::Between(Between { expr, negated, low, high }) => {
            let Some(kind) = kind(&expr, schema) else {
                return Ok(Transformed::no(Expr::Between(Between { expr, negated, low, high })));
            };
            let low = literal(&low, kind)?.map_or(low, Box::new);
            let high = literal(&high, kind)?.map_or(high, Box::new);
            Ok(Transformed::yes(Expr::Between(Between { expr, negated, low, high })))
        }
        other => Ok(Transformed::no(other)),
    }
}

/// The comparison with both sides of one type, or the same comparison where it is none of ours.
fn binary(expr: BinaryExpr, schema: &dyn ExprSchema) -> Result<std::result::Result<BinaryExpr, BinaryExpr>> {
    let pattern = matches!(
        expr.op,
        Operator::RegexMatch | Operator::RegexIMatch | Operator::RegexNotMatch | Operator::RegexNotIMatch
    );
    let comparison = matches!(
        expr.op,
        Operator::Eq
            | Operator::NotEq
            | Operator::Lt
            | Operator::LtEq
            | Operator::Gt
            | Operator::GtEq
            | Operator::IsDistinctFrom
            | Operator::IsNotDistinctFrom
    );
    if !pattern && !comparison {
        return Ok(Err(expr));
    }
    let (left, right) = (kind(&expr.left, schema), kind(&expr.right, schema));
    let BinaryExpr { left: a, op, right: b } = expr;
    let (a, b) = match (left, right) {
        (Some(_), None) if pattern => (Box::new(text_of(*a)), b),
        (Some(kind), None) => side(a, b, kind, schema)?,
        (None, Some(kind)) if !pattern => {
            let (b, a) = side(b, a, kind, schema)?;
            (a, b)
        }
        _ => return Ok(Err(BinaryExpr::new(a, op, b))),
    };
    Ok(Ok(BinaryExpr::new(a, op, b)))
}

type Pair = (Box<Expr>, Box<Expr>);

fn side(address: Box<Expr>, other: Box<Expr>, kind: Kind, schema: &dyn ExprSchema) -> Result<Pair> {
    if let Some(literal) = literal(&other, kind)? {
        return Ok((address, Box::new(literal)));
    }
    let text = other.get_type(schema).is_ok_and(|t| t.is_string());
    Ok(if text { (Box::new(text_of(*address)), other) } else { (address, other) })
}

#[derive(Clone, Copy)]
enum Kind {
    Ip,
    Mac,
}

fn kind(expr: &Expr, schema: &dyn ExprSchema) -> Option<Kind> {
    let of: DataType = expr.get_type(schema).ok()?;
    if of == IP {
        Some(Kind::Ip)
    } else if of == MAC {
        Some(Kind::Mac)
    } else {
        None
    }
}

/// The address that a text literal names; an error where it names none.
fn literal(expr: &Expr, kind: Kind) -> Result<Option<Expr>> {
    let Expr::Literal(value, _) = expr else { return Ok(None) };
    let Some(Some(text)) = value.try_as_str() else { return Ok(None) };
    let bad = |error: minamo_base::AddrError| {
        let hint = if text.contains('/') { "; for a network write in_net(column, 'prefix')" } else { "" };
        DataFusionError::Plan(format!("{error}{hint}"))
    };
    Ok(Some(match kind {
        Kind::Ip => ip_literal(text.parse::<Ip>().map_err(bad)?),
        Kind::Mac => mac_literal(text.parse::<Mac>().map_err(bad)?),
    }))
}
