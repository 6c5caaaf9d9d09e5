#include "privacy/dp/exp_comparison.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <vector>

#include "core/base/check.h"

namespace cairn {
namespace {

// A natural number, 32 bits a place, the lowest first, without leading zeros.
using Natural = std::vector<std::uint32_t>;

void Trim(Natural& a) {
  while (!a.empty() && a.back() == 0) a.pop_back();
}

std::size_t BitLength(const Natural& a) {
  return a.empty() ? 0 : 32 * a.size() - static_cast<std::size_t>(std::countl_zero(a.back()));
}

void MultiplyBy(Natural& a, std::uint32_t factor) {
  std::uint64_t carry = 0;
  for (std::uint32_t& place : a) {
    carry += static_cast<std::uint64_t>(place) * factor;
    place = static_cast<std::uint32_t>(carry);
    carry >>= 32;
  }
  if (carry != 0) a.push_back(static_cast<std::uint32_t>(carry));
  Trim(a);
}

void DivideBy(Natural& a, std::uint32_t divisor) {  // rounds down
  std::uint64_t rest = 0;
  for (std::size_t i = a.size(); i-- > 0;) {
    rest = rest << 32 | a[i];
    a[i] = static_cast<std::uint32_t>(rest / divisor);
    rest %= divisor;
  }
  Trim(a);
}

void Add(Natural& a, const Natural& b) {
  a.resize(std::max(a.size(), b.size()) + 1);
  std::uint64_t carry = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    carry += static_cast<std::uint64_t>(a[i]) + (i < b.size() ? b[i] : 0);
    a[i] = static_cast<std::uint32_t>(carry);
    carry >>= 32;
  }
  Trim(a);
}

Natural Product(const Natural& a, const Natural& b) {
  Natural product(a.size() + b.size());
  for (std::size_t i = 0; i < a.size(); ++i) {
    std::uint64_t carry = 0;
    for (std::size_t j = 0; j < b.size(); ++j) {
      carry += static_cast<std::uint64_t>(a[i]) * b[j] + product[i + j];
      product[i + j] = static_cast<std::uint32_t>(carry);
      carry >>= 32;
    }
    product[i + b.size()] = static_cast<std::uint32_t>(carry);
  }
  Trim(product);
  return product;
}

Natural PowerOfTwo(std::size_t exponent) {
  Natural power(exponent / 32 + 1);
  power.back() = std::uint32_t{1} << exponent % 32;
  return power;
}

Natural FromWords(std::span<const std::uint64_t> words) {
  Natural number;
  for (std::size_t i = words.size(); i-- > 0;) {
    number.push_back(static_cast<std::uint32_t>(words[i]));
    number.push_back(static_cast<std::uint32_t>(words[i] >> 32));
  }
  Trim(number);
  return number;
}

// ⌊2^precision·e^x⌋ or a little less: the series of e^x, each term from the one before by small factors,
// rounded down. A term loses fewer than 4 units, and what it lost is worth at most e^x times that in the sum.
Natural ExpFromBelow(const ExpQuestion& x, std::size_t precision) {
  Natural term = PowerOfTwo(precision), sum = term;
  const auto y = static_cast<std::uint32_t>(x.y);
  for (std::uint32_t k = 1; !term.empty(); ++k) {
    MultiplyBy(term, y);
    MultiplyBy(term, y);
    for (unsigned left = 2 * x.shift; left > 0; left -= std::min(left, 31u)) {
      MultiplyBy(term, std::uint32_t{1} << std::min(left, 31u));
    }
    DivideBy(term, x.numerator);
    DivideBy(term, x.numerator);
    DivideBy(term, 2 * k);
    Add(sum, term);
  }
  return sum;
}

}  // namespace

Comparison CompareWithExp(const ExpQuestion& question, std::span<const std::uint64_t> u) {
  CAIRN_CHECK(question.y >> 32 == 0, "a sample of a layer fits 32 bits");
  const double sigma = std::ldexp(question.numerator, -static_cast<int>(question.shift));
  const double x = 0.5 * std::pow(static_cast<double>(question.y) / sigma, 2);
  const auto exponent = static_cast<std::size_t>(std::ceil(x * 1.443)) + 1;  // e^x < 2^exponent
  const std::size_t precision = 64 * u.size() + 48 + 2 * exponent;
  const Natural low_exp = ExpFromBelow(question, precision);
  Natural high_exp = low_exp;
  Add(high_exp, PowerOfTwo(20 + exponent));  // up to 2^18 terms, 4 units each

  // u·weight·(7/8)^j·e^x against 1, everything times a power of two.
  Natural weight = FromWords(std::span(&question.weight, 1));
  for (unsigned j = 0; j < question.sevenths; ++j) MultiplyBy(weight, 7);
  const std::size_t one = question.weight_bits + 3 * question.sevenths + precision + 64 * u.size();
  const Natural low_u = FromWords(u);
  Natural high_u = low_u;
  Add(high_u, {1});
  if (BitLength(Product(Product(high_u, weight), high_exp)) <= one) return Comparison::kLess;
  if (BitLength(Product(Product(low_u, weight), low_exp)) > one) return Comparison::kNotLess;
  return Comparison::kUndecided;
}

}  // namespace cairn
