# A rule among documents.
package site

size := 3
